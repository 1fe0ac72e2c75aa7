import { ActionIcon, Alert, Code, CopyButton, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconKey } from "@tabler/icons-react";

export function CopyIcon({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon
            variant="subtle"
            color={copied ? "green" : "gray"}
            onClick={copy}
            aria-label={copied ? "Copied" : label}
          >
            {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A text that is meant to be carried elsewhere. */
export function CopyField({ value, label }: { value: string; label: string }) {
  return (
    <Group gap={4} wrap="nowrap" className="copyfield">
      <Code className="break" block={false}>
        {value}
      </Code>
      <CopyIcon value={value} label={label} />
    </Group>
  );
}

/** A secret that is shown this once. */
export function OneTime({ value, what }: { value: string; what: string }) {
  return (
    <Alert color="yellow" variant="light" icon={<IconKey size={18} />} title={`Copy ${what} now`}>
      <Stack gap="xs">
        <Text size="sm">
          It is shown this once and cannot be read again. Keep it where you keep passwords.
        </Text>
        <CopyField value={value} label={`Copy ${what}`} />
      </Stack>
    </Alert>
  );
}
