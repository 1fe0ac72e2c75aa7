import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement, type ReactNode } from "react";
import { Problem } from "./Problem";

interface Props {
  title: string;
  children: ReactNode;
  /** The verb on the red button. */
  verb: string;
  act: () => Promise<unknown>;
  /** First words of the query keys that are out of date afterwards. */
  stale?: string[];
  /** What opens it. */
  trigger: (open: () => void) => ReactElement;
}

/** Asks before what cannot be undone. */
export function Confirm({ title, children, verb, act, stale = [], trigger }: Props) {
  const queries = useQueryClient();
  const [opened, { open, close }] = useDisclosure();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await act();
      close();
      stale.forEach((key) => void queries.invalidateQueries({ queryKey: [key] }));
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {trigger(open)}
      <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
        <Stack>
          <Text size="sm" component="div">
            {children}
          </Text>
          <Problem error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              Keep it
            </Button>
            <Button color="red" onClick={() => void go()} loading={busy}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
