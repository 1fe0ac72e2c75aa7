import { Button, Group } from "@mantine/core";
import { IconRepeat } from "@tabler/icons-react";
import { Problem } from "./Problem";
import { StateBadge } from "./State";

/** The head of what a panel shows: where it stands, and the way to have it done again. */
export function StateHead({
  state,
  again,
}: {
  state: string;
  again?: false | { label: string; act: () => void; busy: boolean; error: Error | null };
}) {
  return (
    <>
      <Group justify="space-between">
        <StateBadge state={state} />
        {again && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRepeat size={15} />}
            onClick={again.act}
            loading={again.busy}
          >
            {again.label}
          </Button>
        )}
      </Group>
      {again && <Problem error={again.error} />}
    </>
  );
}
