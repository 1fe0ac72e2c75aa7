import { Group, Progress, Stack, Text } from "@mantine/core";
import { IconClockExclamation } from "@tabler/icons-react";
import type { Quota } from "../api/connections";
import { budgetsOf, classOf, shareOf, titleOf, usedOf } from "../quota";
import { percent } from "../text";
import { Section } from "./Page";
import { Time } from "./Time";

/** How much of what a platform allows is used, and when it will be used up at this pace. */
export function Quotas({ quotas }: { quotas: Quota[] }) {
  if (quotas.length === 0) return null;
  const { classes, idle } = budgetsOf(quotas);
  return (
    <Section title="Quota">
      <Stack className="box" gap="md">
        {classes.map(({ name, quotas }) => (
          <div key={name} role={name ? "group" : undefined} aria-label={name ?? undefined}>
            {name && (
              <Text size="sm" fw={600} mb={4}>
                {name}
              </Text>
            )}
            <Stack gap="xs">
              {quotas.map((quota) => (
                <Budget key={`${titleOf(quota)} ${quota.connection_id}`} quota={quota} of={name} />
              ))}
            </Stack>
          </div>
        ))}
        {idle.length > 0 && (
          <Text size="xs" className="dim">
            Nothing used yet:{" "}
            {idle.map((quota) => `${classOf(quota)} (${titleOf(quota).toLowerCase()})`).join("; ")}
          </Text>
        )}
      </Stack>
    </Section>
  );
}

function Budget({ quota, of }: { quota: Quota; of: string | null }) {
  const share = shareOf(quota);
  const ends = quota.forecast?.ends_at;
  const title = titleOf(quota);
  // Of a span that is over soon nothing needs to be foretold.
  const text = ends || quota.daily ? quota.forecast?.text : undefined;
  const resets = (ends || !text) && quota.used > 0 ? quota.resets_at : null;
  return (
    <div>
      <Group justify="space-between" gap="2px 10px" mb={3}>
        <Text size="sm">{title}</Text>
        <Text size="sm">
          {usedOf(quota)}
          {share !== null && <span className="dim"> · {percent(share)}</span>}
        </Text>
      </Group>
      {share !== null && (
        <Progress
          value={share * 100}
          size={6}
          color={ends ? "var(--state-stale)" : "var(--cord)"}
          aria-label={`${of ? `${of}: ` : ""}${title}: ${usedOf(quota)}`}
        />
      )}
      {(text || resets) && (
        <Text
          size="xs"
          mt={3}
          className={ends ? undefined : "dim"}
          c={ends ? "var(--state-stale)" : undefined}
        >
          {ends && <IconClockExclamation size={13} style={{ verticalAlign: "-2px" }} aria-hidden />} {text}{" "}
          {resets && (
            <span className="dim">
              {text && "· "}resets <Time at={resets} />
            </span>
          )}
        </Text>
      )}
    </div>
  );
}
