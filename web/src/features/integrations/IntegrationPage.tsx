import { Button, Skeleton, Switch, Tabs } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { catalog, integrations, type Integration, type Provider } from "@/shared/api/integrations";
import { useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { Confirm } from "@/shared/ui/Confirm";
import { Facts, Page, Section } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { CredentialBadge, StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { CredentialTab } from "./CredentialTab";
import { EditIntegration } from "./EditIntegration";
import { IntegrationFeeds } from "./IntegrationFeeds";
import { RequestLogTable } from "./RequestLogTable";
import { TestPanel } from "./TestPanel";
import { WebhookSetup } from "./WebhookSetup";

const back = { to: "/integrations", label: "Integrations" };

export default function IntegrationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const integration = useQuery({ queryKey: ["integrations", id], queryFn: () => integrations.get(id) });
  const provider = useQuery({
    queryKey: ["providers", integration.data?.provider],
    queryFn: () => catalog.provider(integration.data!.provider),
    enabled: !!integration.data,
    staleTime: 600_000,
  });
  if (integration.error) {
    return (
      <Page title="Integration" back={back}>
        <Problem error={integration.error} retry={() => void integration.refetch()} />
      </Page>
    );
  }
  if (!integration.data) return <Skeleton height={300} />;
  return <Shown integration={integration.data} provider={provider.data} />;
}

function Shown({ integration, provider }: { integration: Integration; provider?: Provider }) {
  const { id } = integration;
  const [url, setUrl] = useUrlState();
  const [editing, setEditing] = useState(false);
  const navigate = useNavigate();
  const may = useMay("admin");
  const pulls = integration.mode !== "push";
  const pushes = integration.mode !== "pull";
  const tab = url.tab ?? "overview";
  const toggle = useAct((enabled: boolean) => integrations.change(id, { enabled }), {
    stale: ["integrations", "graph", "status"],
    sayError: true,
  });
  const remove = async () => {
    await integrations.remove(id);
    await navigate({ to: "/integrations" });
  };

  return (
    <Page
      title={integration.name}
      back={back}
      mark={<ProviderIcon provider={integration.provider} size={40} />}
      lead={integration.description || provider?.summary || integration.provider}
      actions={
        may && (
          <>
            <Switch
              label="On"
              checked={integration.enabled}
              disabled={toggle.busy}
              onChange={(event) => void toggle.run(event.currentTarget.checked)}
            />
            <Button
              variant="default"
              leftSection={<IconPencil size={15} />}
              onClick={() => setEditing(true)}
              disabled={!provider}
            >
              Change
            </Button>
            <Confirm
              title={`Delete ${integration.name}?`}
              verb="Delete the integration"
              act={remove}
              stale={["integrations", "feeds", "graph", "status", "credentials"]}
              trigger={(open) => (
                <Button
                  variant="default"
                  c="var(--state-failing)"
                  leftSection={<IconTrash size={15} />}
                  onClick={open}
                >
                  Delete
                </Button>
              )}
            >
              Its {integration.feeds_count} feeds, their documents and its credentials go with it, and widgets
              that read them become empty. This cannot be undone.
            </Confirm>
          </>
        )
      }
    >
      <Tabs
        value={tab}
        onChange={(next) => setUrl({ tab: next === "overview" ? undefined : (next ?? undefined) })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="feeds">Feeds ({integration.feeds_count})</Tabs.Tab>
          <Tabs.Tab value="requests">Requests</Tabs.Tab>
          <Tabs.Tab value="credential">Credential</Tabs.Tab>
          {pushes && <Tabs.Tab value="webhook">Webhook</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <div className="two">
            <div>
              <Section title="Summary">
                <div className="box">
                  <Facts
                    of={[
                      ["State", <StateBadge key="s" state={integration.status} />],
                      ["Last sync", <Time key="l" at={integration.last_sync_at} />],
                      ["Credential", <CredentialBadge key="c" state={integration.credential?.state} />],
                      ["Provider", provider?.name ?? integration.provider],
                      ["Direction", integration.mode === "both" ? "pull and push" : integration.mode],
                      ["Credentials belong to", integration.credential_scope],
                      ["Added", <Time key="a" at={integration.created_at} />],
                      ["Changed", <Time key="u" at={integration.updated_at} />],
                      ...Object.entries(integration.config).map(([name, value]): [string, string] => [
                        name,
                        typeof value === "string" ? value : JSON.stringify(value),
                      ]),
                    ]}
                  />
                </div>
              </Section>
              {integration.last_error && <LastError error={integration.last_error} />}
              <IntegrationFeeds integration={integration} few />
            </div>
            <div>
              {pulls && <TestPanel id={id} atOnce={url.test === "1" && may} />}
              {!pulls && <WebhookSetup integration={integration} provider={provider} />}
            </div>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="feeds">
          <IntegrationFeeds integration={integration} />
        </Tabs.Panel>
        <Tabs.Panel value="requests">
          <RequestLogTable integration={id} />
        </Tabs.Panel>
        <Tabs.Panel value="credential">
          {provider && <CredentialTab integration={integration} provider={provider} />}
        </Tabs.Panel>
        <Tabs.Panel value="webhook">
          <WebhookSetup integration={integration} provider={provider} />
        </Tabs.Panel>
      </Tabs>
      <Panel
        opened={editing}
        onClose={() => setEditing(false)}
        title={`Change ${integration.name}`}
        size={640}
      >
        {provider && (
          <EditIntegration integration={integration} provider={provider} done={() => setEditing(false)} />
        )}
      </Panel>
    </Page>
  );
}

function LastError({ error }: { error: NonNullable<Integration["last_error"]> }) {
  return (
    <Section title="Last error">
      <div className="box">
        <Facts
          of={[
            ["When", <Time key="t" at={error.at} />],
            [
              "Code",
              <span key="c" className="mono">
                {error.code}
              </span>,
            ],
            ["What", error.message],
          ]}
        />
      </div>
    </Section>
  );
}
