import { Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { nameOf } from "@/shared/account";
import type { Connection } from "@/shared/api/connections";
import type { Listing } from "@/shared/listing";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
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
            <Link to="/connections/$id" params={{ id: row.id }} className="named">
              <ProviderIcon provider={row.provider} />
              <span className="break">{nameOf(row)}</span>
            </Link>
            <StateBadge state={row.status} title={row.cause?.message} />
          </Group>
        ))}
      </Group>
    </Section>
  );
}
