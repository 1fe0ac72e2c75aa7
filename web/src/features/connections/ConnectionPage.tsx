import { Alert, Button, Switch } from "@mantine/core";
import {
  IconAlertTriangle,
  IconClockExclamation,
  IconPlugConnectedX,
  IconRefresh,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { isOver, nameOf } from "@/shared/account";
import { useAct } from "@/shared/act";
import { connections, type Connection } from "@/shared/api/connections";
import type { Integration } from "@/shared/api/integrations";
import { useReconnect } from "@/shared/connecting";
import { useMay } from "@/shared/me";
import { useIntegration, useProvider } from "@/shared/providers";
import { quotasOf, useQuotas } from "@/shared/quota";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { IntegrationFeeds } from "@/shared/ui/IntegrationFeeds";
import { Facts, factsOf, Section } from "@/shared/ui/Page";
import { Quotas } from "@/shared/ui/Quotas";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { RequestLogTable } from "@/shared/ui/RequestLogTable";
import { Returned } from "@/shared/ui/Returned";
import { StateBadge } from "@/shared/ui/State";
import { SubjectLink } from "@/shared/ui/SubjectLink";
import { Time } from "@/shared/ui/Time";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { Artist } from "./Artist";
import { Check } from "./Check";
import { findsArtists } from "./platforms";
import { Scopes } from "./Scopes";
import { endings } from "./timeline";
import { Timeline } from "./Timeline";

const kind = { one: "account", key: "connections", back: { to: "/connections", label: "Connections" } };
const stale = ["connections", "tasks", "integrations", "status"];

export default function ConnectionPage() {
  return (
    <Opened kind={kind} read={connections.get}>
      {(connection) => <Shown key={connection.id} connection={connection} />}
    </Opened>
  );
}

function Shown({ connection }: { connection: Connection }) {
  const { id, integration_id, provider } = connection;
  const may = useMay("editor");
  const integration = useIntegration(integration_id);
  const platform = useProvider(provider);
  const reconnect = useReconnect();
  const toggle = useAct((on: boolean) => connections.enable(id, on), { stale, sayError: true });
  return (
    <DetailPage
      kind={kind}
      name={nameOf(connection)}
      mark={<ProviderIcon provider={provider} size={40} />}
      lead={
        <>
          {platform.data?.name ?? provider}, for <SubjectLink subject={connection.subject} />
        </>
      }
      may={may}
      actions={
        <>
          <Switch
            label="On"
            checked={connection.status !== "disabled"}
            disabled={toggle.busy}
            onChange={(event) => void toggle.run(event.currentTarget.checked)}
          />
          <Button
            variant={isOver(connection) ? "filled" : "default"}
            leftSection={<IconRefresh size={15} />}
            onClick={() => void reconnect.run(id)}
            loading={reconnect.busy}
          >
            Reconnect
          </Button>
        </>
      }
      remove={{
        verb: "Disconnect",
        icon: IconPlugConnectedX,
        act: () => connections.remove(id),
        stale: [...stale, "feeds", "subjects"],
        loss: "The access is given back at the platform and forgotten here. Feeds that read with it stop; numbers that were read stay.",
      }}
    >
      <Returned />
      {connection.cause && connection.status !== "active" && (
        <Alert
          variant="light"
          color={isOver(connection) ? "red" : "yellow"}
          icon={isOver(connection) ? <IconAlertTriangle size={18} /> : <IconClockExclamation size={18} />}
          title={endings[connection.status]}
        >
          {connection.cause.message} Since <Time at={connection.status_since} />, code{" "}
          <span className="mono">{connection.cause.code}</span>.
        </Alert>
      )}
      <UrlTabs
        tabs={[
          {
            value: "overview",
            label: "Overview",
            panel: (
              <Overview
                connection={connection}
                integration={integration.data}
                hasArtists={!!platform.data && findsArtists(platform.data)}
                may={may}
              />
            ),
          },
          { value: "requests", label: "Requests", panel: <RequestLogTable integration={integration_id} /> },
        ]}
      />
    </DetailPage>
  );
}

function Overview({
  connection,
  integration,
  hasArtists,
  may,
}: {
  connection: Connection;
  integration?: Integration;
  /** Whether its accounts can stand for an artist. */
  hasArtists: boolean;
  may: boolean;
}) {
  const quotas = useQuotas({ connection_id: connection.id });
  return (
    <div className="two">
      <div>
        <Section title="Summary">
          <div className="box">
            <Facts
              of={[
                ["State", <StateBadge key="s" state={connection.status} />],
                ["Token expires", isOver(connection) ? "ended" : <Time key="e" at={connection.expires_at} />],
                ["Last renewed", <Time key="r" at={connection.refreshed_at} never="not yet" />],
                ["Last sync", <Time key="y" at={connection.synced_at} never="not yet" />],
                ["Last tested", <Time key="v" at={connection.validated_at} never="not yet" />],
                ["Renewal", connection.can_refresh && !isOver(connection) ? "by itself" : "by a person"],
                [
                  "Integration",
                  <Link key="i" to="/integrations/$id" params={{ id: connection.integration_id }}>
                    {integration?.name ?? connection.integration_id}
                  </Link>,
                ],
                ["For", <SubjectLink key="f" subject={connection.subject} />],
                ...(connection.account.id ? [["Account id", connection.account.id] as [string, string]] : []),
                ...factsOf(connection.captured),
              ]}
            />
          </div>
        </Section>
        <Scopes connection={connection} />
        <IntegrationFeeds
          integration={{ id: connection.integration_id, name: integration?.name ?? connection.provider }}
          few
        />
      </div>
      <div>
        {may && <Check id={connection.id} />}
        <Timeline connection={connection} />
        <Quotas quotas={quotasOf(quotas.data?.data ?? [], connection)} />
        {may && hasArtists && !isOver(connection) && <Artist connection={connection} />}
      </div>
    </div>
  );
}
