import { Group, Progress, Stack, Text } from "@mantine/core";
import { IconClockExclamation } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { connections, type Connection, type Quota } from "@/shared/api/connections";
import { percent } from "@/shared/text";
import { Section } from "@/shared/ui/Page";
import { Time } from "@/shared/ui/Time";
import { quotasOf, shareOf, titleOf, usedOf } from "./quota";

/** How much of what the platform allows is used, and when it will be used up at this pace. */
export function Quotas({ connection }: { connection: Connection }) {
  const quotas = useQuery({
    queryKey: ["quotas", connection.id],
    queryFn: () => connections.quotas(connection.id),
    refetchInterval: 30_000,
    retry: false,
  });
  const own = quotasOf(quotas.data?.data ?? [], connection);
  if (own.length === 0) return null;
  return (
    <Section title="Quota">
      <Stack className="box" gap="md">
        {own.map((quota) => (
          <Budget key={`${titleOf(quota)} ${quota.class}`} quota={quota} />
        ))}
      </Stack>
    </Section>
  );
}

function Budget({ quota }: { quota: Quota }) {
  const share = shareOf(quota);
  const ends = quota.forecast?.ends_at;
  const title = titleOf(quota);
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={4}>
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <Text size="sm">
          {usedOf(quota)}
          {share !== null && <span className="dim"> · {percent(share)}</span>}
        </Text>
      </Group>
      {share !== null && (
        <Progress
          value={share * 100}
          size={8}
          color={ends ? "var(--state-stale)" : "var(--cord)"}
          aria-label={`${title}: ${usedOf(quota)}`}
        />
      )}
      <Text size="xs" mt={5} className={ends ? undefined : "dim"} c={ends ? "var(--state-stale)" : undefined}>
        {ends && <IconClockExclamation size={13} style={{ verticalAlign: "-2px" }} aria-hidden />}{" "}
        {quota.forecast?.text}{" "}
        {quota.resets_at && (
          <span className="dim">
            {quota.forecast?.text && "· "}resets <Time at={quota.resets_at} />
          </span>
        )}
      </Text>
    </div>
  );
}
