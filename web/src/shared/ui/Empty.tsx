import { Stack, Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** Nothing here yet: what it would be, what to do next, and the button that does it. */
export function Empty({
  icon: Mark,
  title,
  children,
  action,
}: {
  icon: Icon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" className="empty">
      <Mark size={32} stroke={1.3} className="dim" aria-hidden />
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
