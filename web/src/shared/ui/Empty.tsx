import { Button, Stack, Text, Title } from "@mantine/core";
import { IconSearchOff, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** Nothing here yet: what it would be, what to do next, and the button that does it. */
export function Empty({
  icon: Mark,
  title,
  children,
  action,
  small = false,
}: {
  icon: Icon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** Where it is a part of a page among others. */
  small?: boolean;
}) {
  return (
    <Stack align="center" gap={small ? 6 : "xs"} py={small ? 18 : 48} px="md" className="empty">
      {!small && <Mark size={32} stroke={1.3} className="dim" aria-hidden />}
      <Title order={2} size="h4">
        {title}
      </Title>
      {children && (
        <Text size="sm" ta="center" maw={460} className="dim">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}

/** A search or a filter that nothing fits, and the way back. */
export function NothingFits({ of, clear }: { of: string; clear: () => void }) {
  return (
    <Empty
      icon={IconSearchOff}
      title="Nothing fits"
      action={
        <Button variant="default" onClick={clear}>
          Clear the filters
        </Button>
      }
    >
      No {of} fits what you searched for.
    </Empty>
  );
}
