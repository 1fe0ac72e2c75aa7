import { Switch } from "@mantine/core";
import { useAct } from "@/shared/act";
import { integrations, type Integration, type Provider } from "@/shared/api/integrations";
import { useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useProvider } from "@/shared/providers";
import { useQuotas } from "@/shared/quota";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { IntegrationFeeds } from "@/shared/ui/IntegrationFeeds";
import { Facts, factsOf, Section } from "@/shared/ui/Page";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { Quotas } from "@/shared/ui/Quotas";
import { RequestLogTable } from "@/shared/ui/RequestLogTable";
import { CredentialBadge, StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { UrlTabs, type Tab } from "@/shared/ui/UrlTabs";
import { ActionsTab } from "./ActionsTab";
import { CredentialTab } from "./CredentialTab";
import { EditIntegration } from "./EditIntegration";
import { OAuthSetup } from "./OAuthSetup";
import { Subscriptions } from "./Subscriptions";
import { TestPanel, useTrial } from "./TestPanel";
import { WebhookSetup } from "./WebhookSetup";

const kind = {
  one: "integration",
  key: "integrations",
  back: { to: "/integrations", label: "Integrations" },
};

export default function IntegrationPage() {
  return (
    <Opened kind={kind} read={integrations.get}>
      {(integration) => <Shown integration={integration} />}
    </Opened>
  );
}

function Shown({ integration }: { integration: Integration }) {
  const { id } = integration;
  const provider = useProvider(integration.provider).data;
  const may = useMay("admin");
  const toggle = useAct((enabled: boolean) => integrations.change(id, { enabled }), {
    stale: ["integrations", "graph", "status"],
    sayError: true,
  });
  const webhook = <WebhookSetup integration={integration} provider={provider} />;
  const tabs: (Tab | false)[] = [
    {
      value: "overview",
      label: "Overview",
      panel: <Overview integration={integration} provider={provider} />,
    },
    {
      value: "feeds",
      label: `Feeds (${integration.feeds_count})`,
      panel: <IntegrationFeeds integration={integration} />,
    },
    { value: "actions", label: "Actions", panel: <ActionsTab integration={integration} /> },
    { value: "requests", label: "Requests", panel: <RequestLogTable integration={id} /> },
    {
      value: "credential",
      label: "Credential",
      panel: provider && <CredentialTab integration={integration} provider={provider} />,
    },
    integration.mode !== "pull" && { value: "webhook", label: "Webhook", panel: webhook },
  ];
  return (
    <DetailPage
      kind={kind}
      name={integration.name}
      mark={<ProviderIcon provider={integration.provider} size={40} />}
      lead={integration.description || provider?.summary || integration.provider}
      may={may}
      actions={
        <Switch
          label="On"
          checked={integration.enabled}
          disabled={toggle.busy}
          onChange={(event) => void toggle.run(event.currentTarget.checked)}
        />
      }
      edit={
        provider
          ? (done) => <EditIntegration integration={integration} provider={provider} done={done} />
          : false
      }
      remove={{
        act: () => integrations.remove(id),
        stale: ["integrations", "feeds", "graph", "status", "credentials"],
        loss: `Its ${integration.feeds_count} feeds, their documents and its credentials go with it, and widgets that read them become empty.`,
      }}
    >
      <UrlTabs clear={{ action: undefined }} tabs={tabs.filter((tab) => tab !== false)} />
    </DetailPage>
  );
}

function Overview({ integration, provider }: { integration: Integration; provider?: Provider }) {
  const [url] = useUrlState();
  const may = useMay("admin");
  const quotas = useQuotas({ integration_id: integration.id });
  // Those of single accounts stand on the pages of these.
  const shared = (quotas.data?.data ?? []).filter(({ connection_id }) => !connection_id);
  const trial = useTrial(integrations.test, integration.id, ["integrations", "status"]);
  return (
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
                ...factsOf(integration.config, provider?.config_schema),
              ]}
            />
          </div>
        </Section>
        {integration.last_error && <LastError error={integration.last_error} />}
        <IntegrationFeeds integration={integration} few />
      </div>
      <div>
        <OAuthSetup integration={integration} />
        <Subscriptions integration={integration} provider={provider} />
        {integration.mode === "push" ? (
          <WebhookSetup integration={integration} provider={provider} />
        ) : (
          <TestPanel
            trial={trial}
            atOnce={url.test === "1" && may}
            hint="Makes one cheap request with the stored credentials and shows each step. Nothing is changed."
          />
        )}
        <Quotas quotas={shared} />
      </div>
    </div>
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
