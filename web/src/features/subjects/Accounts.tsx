import { Group } from "@mantine/core";
import { nameOf } from "@/shared/account";
import type { Connection } from "@/shared/api/connections";
import type { Listing } from "@/shared/listing";
import { Named } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";

/** The accounts that the numbers come from. */
export function Accounts({ list }: { list: Listing<Connection> }) {
  if (list.error) return <Problem error={list.error} retry={list.retry} />;
  if (list.rows.length === 0) return null;
  return (
    <Section title="Accounts">
      <Group className="box" gap="lg">
        {list.rows.map((row) => (
          <Group key={row.id} gap={12} wrap="nowrap">
            <Named id={row.id} provider={row.provider}>
              {nameOf(row)}
            </Named>
            <StateBadge state={row.status} title={row.cause?.message} />
          </Group>
        ))}
      </Group>
    </Section>
  );
}
