import { Button, Group, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { nameOf } from "@/shared/account";
import { useAct } from "@/shared/act";
import type { Connection } from "@/shared/api/connections";
import { integrations, type Integration, type Provider, type Subscription } from "@/shared/api/integrations";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { Named } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";
import { StateBadge } from "@/shared/ui/State";
import { Time, useNow } from "@/shared/ui/Time";
import classes from "./Subscriptions.module.css";

interface Props {
  integration: Integration;
  provider?: Provider;
}

/** What the provider was asked to push, where Patchbay asks for it itself. */
export function Subscriptions({ integration: { id }, provider }: Props) {
  const found = useQuery({
    queryKey: ["subscriptions", id],
    queryFn: () => integrations.subscriptions(id),
    enabled: !!provider?.modes.includes("push"),
    retry: false,
  });
  const rows = found.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Section title="Subscriptions">
      <ul className={`box ${classes.rows}`}>
        {rows.map((row) => (
          <Row key={row.id} integration={id} row={row} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ integration, row }: { integration: string; row: Subscription }) {
  const may = useMay("admin");
  const accounts = useListing<Connection>("/connections", { integration_id: integration }, { limit: 200 });
  const account = accounts.rows.find(({ id }) => id === row.connection_id);
  const now = useNow();
  const isOff = row.state === "off";
  const what = row.title ?? row.topic;
  const how = { stale: ["subscriptions"], sayError: true };
  const ask = useAct(
    (): Promise<unknown> =>
      isOff
        ? integrations.subscribe(integration, row.connection_id)
        : integrations.renew(integration, row.id),
    { ...how, say: "It is asked for again." },
  );
  const end = useAct(() => integrations.unsubscribe(integration, row.id), { ...how, say: "It is ended." });
  return (
    <li>
      <Text size="sm" component="div" className="min0">
        {row.connection_id && (
          <Named id={row.connection_id}>{account ? nameOf(account) : "its account"}</Named>
        )}
        {row.title && <div>{row.title}</div>}
        <div className={`mono break ${classes.topic}`}>{row.topic}</div>
      </Text>
      <StateBadge state={row.state} title={row.error?.message} />
      <Text size="xs" className="dim">
        {row.expires_at && (
          <>
            {Date.parse(row.expires_at) <= now ? "ended" : "ends"} <Time at={row.expires_at} />
          </>
        )}
        {row.renew_at && !isOff && (
          <>
            {row.expires_at && " · "}renewal <Time at={row.renew_at} />
          </>
        )}
      </Text>
      {may && (
        <Group gap={6} wrap="nowrap" className={classes.acts}>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRefresh size={14} />}
            onClick={() => void ask.run()}
            loading={ask.busy}
            disabled={end.busy}
            aria-label={`${isOff ? "Subscribe again" : "Renew"}: ${what}`}
          >
            {isOff ? "Subscribe again" : "Renew"}
          </Button>
          {!isOff && (
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => void end.run()}
              loading={end.busy}
              disabled={ask.busy}
              aria-label={`End: ${what}`}
            >
              End
            </Button>
          )}
        </Group>
      )}
      {row.error && (
        <Text size="xs" className={`break ${classes.error}`}>
          {row.error.message} <span className="mono">{row.error.code}</span>
        </Text>
      )}
    </li>
  );
}
