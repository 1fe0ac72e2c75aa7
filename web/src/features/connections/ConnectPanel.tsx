import { Button, Group, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { IconExternalLink, IconLink } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { connections } from "@/shared/api/connections";
import { integrations, type Integration, type Provider } from "@/shared/api/integrations";
import { returnTo, useGoOn } from "@/shared/connecting";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useProvider } from "@/shared/providers";
import { CopyField } from "@/shared/ui/CopyField";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { ProviderHead } from "@/shared/ui/ProviderHead";
import { draftOf, missingOf, NewApp, type AppDraft } from "./NewApp";

/** Connects an account of a platform: through which app, for whom, and then on to the platform's page. */
export function ConnectPanel({ provider, onClose }: { provider?: string; onClose: () => void }) {
  const found = useProvider(provider);
  const apps = useListing<Integration>("/integrations", { provider }, { enabled: !!provider, limit: 200 });
  const isReady = found.data?.id === provider && !apps.pending;
  return (
    <Panel opened={!!provider} onClose={onClose} title="Connect an account" size={600}>
      <Problem error={found.error ?? apps.error} retry={() => void found.refetch()} />
      {!isReady && !found.error && !apps.error && <Skeleton height={240} />}
      {isReady && found.data && <Connect key={provider} provider={found.data} apps={apps.rows} />}
    </Panel>
  );
}

const NEW = "new";

function Connect({ provider, apps }: { provider: Provider; apps: Integration[] }) {
  const [url, setUrl] = useUrlState();
  const mayAdd = useMay("admin");
  const usable = apps.filter((app) => app.provider === provider.id && app.enabled);
  const [draft, setDraft] = useState<AppDraft>(() => draftOf(provider));
  const [subject, setSubject] = useState("");
  const [tried, setTried] = useState(false);
  const chosen = url.integration ?? usable[0]?.id ?? NEW;
  const app = usable.find(({ id }) => id === chosen);
  const missing = app ? [] : missingOf(provider, draft);
  const goOn = useGoOn();

  const begin = async (return_url?: string) => {
    let id = app?.id;
    if (!id) {
      id = (await integrations.create(draft)).id;
      // What was made is kept, so that another attempt does not make it again.
      setUrl({ integration: id });
    }
    return connections.connect(id, {
      subject: subject.trim() || undefined,
      return_url,
    });
  };
  const stale = ["integrations", "connections", "status", "graph"];
  const go = useAct(() => begin(returnTo("/connections")), { stale, done: goOn });
  // Who follows a link has no dashboard to come back to: they see a page that says it is done.
  const link = useAct(() => begin(), { stale });
  const [copied, setCopied] = useState<string | null>(null);
  const ifComplete = (act: () => void) => () => {
    setTried(true);
    if (missing.length === 0) act();
  };
  const errors = [...go.errors, ...link.errors, ...(tried ? missing : [])];
  const address =
    apps.find(({ redirect_uri }) => redirect_uri)?.redirect_uri ?? returnTo("/api/v1/oauth/callback");

  return (
    <Stack>
      <ProviderHead provider={provider} />
      {usable.length > 0 && (
        <Select
          label="Through which app"
          description={`The integration that holds the app you have registered with ${provider.name}.`}
          allowDeselect={false}
          value={app ? app.id : NEW}
          data={[
            ...usable.map(({ id, name }) => ({ value: id, label: name })),
            ...(mayAdd ? [{ value: NEW, label: "Another app …" }] : []),
          ]}
          onChange={(next) => setUrl({ integration: next ?? undefined })}
        />
      )}
      {app && (
        <Stack gap={6}>
          <Text size="sm">The redirect URI that must be registered with that app:</Text>
          <CopyField value={address} label="Copy the redirect URI" />
        </Stack>
      )}
      {!app && mayAdd && (
        <NewApp provider={provider} draft={draft} onChange={setDraft} errors={errors} redirectUri={address} />
      )}
      {!app && !mayAdd && (
        <Text size="sm">
          An admin of this workspace has to add an integration with {provider.name} first.
        </Text>
      )}
      {(app || mayAdd) && (
        <>
          <TextInput
            label="For whom"
            description="An artist or an end user, by a name or an id of yours. Empty for the workspace’s own account."
            placeholder="aurel"
            value={subject}
            error={errors.find(({ pointer }) => pointer === "/subject")?.message}
            onChange={(event) => {
              setSubject(event.currentTarget.value);
              setCopied(null);
            }}
          />
          {tried && missing.length > 0 && (
            <Text size="sm" role="alert" c="var(--state-failing)">
              {missing.map(({ message }) => message).join(". ")}.
            </Text>
          )}
          <Problem error={go.error ?? link.error} />
          <Group gap="xs">
            <Button
              leftSection={<IconExternalLink size={16} />}
              onClick={ifComplete(() => void go.run())}
              loading={go.busy}
              disabled={link.busy}
            >
              Continue to {provider.name}
            </Button>
            <Button
              variant="default"
              leftSection={<IconLink size={16} />}
              onClick={ifComplete(() => {
                link.clear();
                void link.run().then((made) => setCopied(made?.connect_link ?? null));
              })}
              loading={link.busy}
              disabled={go.busy}
            >
              Make a connect link
            </Button>
          </Group>
          {copied && (
            <Stack gap={6} role="status">
              <Text size="sm">
                Send it to whoever owns the account: it leads to {provider.name} and holds for an hour.
              </Text>
              <CopyField value={copied} label="Copy the connect link" />
            </Stack>
          )}
        </>
      )}
    </Stack>
  );
}
