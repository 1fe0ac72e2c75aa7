import { Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconKey, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { connections, type ConnectionTest } from "@/shared/api/connections";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";

const stale = ["connections", "tasks", "integrations", "status"];

/** Whether the platform still takes the token, and a new token before it is due. */
export function Check({ id }: { id: string }) {
  const [found, setFound] = useState<ConnectionTest | null>(null);
  const test = useAct(connections.test, { stale, done: setFound });
  const renew = useAct(connections.refresh, {
    stale,
    done: () => setFound({ ok: true, status: null, code: null, message: "The token was renewed." }),
  });
  const run = (act: typeof test | typeof renew) => () => {
    [test, renew].forEach(({ clear }) => clear());
    setFound(null);
    void act.run(id);
  };
  const error = test.error ?? renew.error;
  const Mark = found?.ok ? IconCircleCheck : IconCircleX;
  return (
    <Section
      title="Check"
      aside={
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlayerPlay size={14} />}
            onClick={run(test)}
            loading={test.busy}
          >
            Test
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconKey size={14} />}
            onClick={run(renew)}
            loading={renew.busy}
          >
            Renew now
          </Button>
        </Group>
      }
    >
      <Stack className="box" gap="xs" aria-live="polite">
        <Problem error={error} />
        {!error && !found && (
          <Text size="sm" className="dim">
            A test asks the platform its cheapest question with the stored token. Tokens are renewed by
            themselves; “Renew now” does it before they are due.
          </Text>
        )}
        {found && (
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Text c={found.ok ? "var(--state-ok)" : "var(--state-failing)"} lh={1}>
              <Mark size={20} />
            </Text>
            <Text size="sm" fw={600}>
              {found.message} {found.status !== null && <span className="dim">Status {found.status}</span>}
            </Text>
          </Group>
        )}
        {found?.code && (
          <Text size="xs" className="dim">
            Code <span className="mono">{found.code}</span>, explained in{" "}
            <span className="mono">docs/errors/{found.code}.md</span>
          </Text>
        )}
      </Stack>
    </Section>
  );
}
