import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "../api/client";

const ways: Record<string, string> = {
  "network.unreachable": "Check that Patchbay is running and that this computer reaches it.",
  "auth.missing_role": "Ask an admin of this workspace to do it, or to give you the role.",
  "auth.csrf": "Reload the page; another window may have logged in anew.",
  "request.rate_limited": "Wait a moment, then try again.",
  "request.conflict": "Choose another name, or open the thing that has it.",
  "server.storage_full": "Make room on the server's disk. Nothing that was accepted is lost.",
};

/** What went wrong: in words, by its code, and what to do about it. */
export function Problem({
  error,
  retry,
  title,
}: {
  error: Error | null;
  retry?: () => void;
  title?: string;
}) {
  if (!error) return null;
  const known = error instanceof ApiError ? error : null;
  const way = known
    ? (ways[known.code] ??
      (known.status >= 500 ? "Try again; if it stays, look into the server's log." : undefined))
    : undefined;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={title ?? known?.title ?? "Something went wrong"}
      role="alert"
    >
      <Stack gap="xs">
        {known?.detail && <Text size="sm">{known.detail}</Text>}
        {!known && <Text size="sm">{error.message}</Text>}
        {known && known.errors.length > 0 && (
          <ul className="plain">
            {known.errors.map(({ pointer, message }) => (
              <li key={pointer + message}>
                {pointer && <Code>{pointer}</Code>} {message}
              </li>
            ))}
          </ul>
        )}
        {way && <Text size="sm">{way}</Text>}
        <Group gap="sm">
          {known && (
            <Text size="xs" className="dim">
              Code <Code>{known.code}</Code>, explained in{" "}
              <span className="mono">docs/errors/{known.code}.md</span>
            </Text>
          )}
          {retry && (
            <Button size="compact-sm" variant="default" onClick={retry}>
              Try again
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
