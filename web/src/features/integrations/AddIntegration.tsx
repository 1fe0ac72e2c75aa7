import { Alert, Button, Stack, Switch } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { feeds } from "@/shared/api/feeds";
import { integrations, type IntegrationDraft, type Provider } from "@/shared/api/integrations";
import { useProvider } from "@/shared/providers";
import { defaultsOf, isEmpty, missingIn } from "@/shared/schema";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { ProviderHead } from "@/shared/ui/ProviderHead";
import { DraftForm } from "./DraftForm";
import { ProviderPicker } from "./ProviderPicker";
import { TestPanel, useTrial } from "./TestPanel";

interface Props {
  opened: boolean;
  provider?: string;
  /** The widget that it shall feed. */
  widget?: string;
  onProvider: (provider: string | undefined) => void;
  onClose: () => void;
}

/** First which service, then how: two steps in the side panel. */
export function AddIntegration({ opened, provider, widget, onProvider, onClose }: Props) {
  const chosen = useProvider(opened ? provider : undefined);
  return (
    <Panel
      opened={opened}
      onClose={onClose}
      title={provider ? "Add integration" : "Which service?"}
      size={640}
    >
      {!provider && <ProviderPicker onPick={onProvider} />}
      {provider && <Problem error={chosen.error} retry={() => void chosen.refetch()} />}
      {provider && chosen.data && (
        <NewIntegration
          key={provider}
          provider={chosen.data}
          widget={widget}
          back={() => onProvider(undefined)}
        />
      )}
    </Panel>
  );
}

interface NewProps {
  provider: Provider;
  widget?: string;
  back: () => void;
}

function NewIntegration({ provider, widget, back }: NewProps) {
  const navigate = useNavigate();
  const pulls = provider.modes.includes("pull");
  const pushes = provider.modes.includes("push");
  const [draft, setDraft] = useState<IntegrationDraft>(() => ({
    name: provider.name,
    provider: provider.id,
    config: defaultsOf(provider.config_schema),
    ...(isEmpty(provider.credentials_schema) ? {} : { credentials: defaultsOf(provider.credentials_schema) }),
    ...(pulls ? { pull: {} } : {}),
    ...(pushes ? { push: {} } : {}),
    enabled: true,
    ...(widget ? { widget_id: widget } : {}),
  }));
  const [feed, setFeed] = useState(!widget);
  const [tried, setTried] = useState(false);
  const [broken, setBroken] = useState(false);
  const missing = [
    // What a widget's source leaves open, each place of the widget says.
    ...(widget ? [] : missingIn(provider.config_schema, draft.config, "/config")),
    ...missingIn(provider.credentials_schema, draft.credentials ?? {}, "/credentials"),
    ...(draft.name.trim() ? [] : [{ pointer: "/name", message: "A name is needed" }]),
  ];

  const create = useAct(
    async () => {
      const made = await integrations.create(filled(draft));
      if (feed) await feeds.create({ name: made.name, integration_id: made.id, mode: made.mode });
      return made;
    },
    {
      stale: ["integrations", "feeds", "graph", "status", "widgets", "widget-configs"],
      done: (made) =>
        void (widget
          ? navigate({ to: "/widgets/$id", params: { id: widget } })
          : navigate({
              to: "/integrations/$id",
              params: { id: made.id },
              search: pulls ? ({ test: "1" } as never) : undefined,
            })),
    },
  );
  const trial = useTrial((about: IntegrationDraft) => integrations.testDraft(filled(about)), draft);
  const ifComplete = (act: () => void) => () => {
    setTried(true);
    if (missing.length === 0 && !broken) act();
  };

  return (
    <Stack>
      <ProviderHead provider={provider}>
        <Button variant="subtle" size="compact-xs" onClick={back} ml={-6}>
          Choose another
        </Button>
      </ProviderHead>
      <DraftForm
        provider={provider}
        draft={draft}
        onChange={setDraft}
        onBroken={setBroken}
        errors={[...create.errors, ...trial.errors, ...(tried ? missing : [])]}
      />
      {!widget && (
        <Switch
          checked={feed}
          onChange={(event) => setFeed(event.currentTarget.checked)}
          label="Make a feed of it at once"
          description="A feed is the document that widgets and programs read."
        />
      )}
      {tried && missing.length > 0 && (
        <Alert color="red" role="alert">
          {missing.map(({ message }) => message).join(". ")}.
        </Alert>
      )}
      {pulls && (
        <TestPanel
          trial={{ ...trial, run: ifComplete(trial.run) }}
          hint="Makes one cheap request with what stands above and shows each step. Nothing is saved."
        />
      )}
      <Problem error={create.error} />
      <Button onClick={ifComplete(() => void create.run())} loading={create.busy}>
        {pulls && !widget ? "Add and test" : "Add"}
      </Button>
    </Stack>
  );
}

/** Credentials of which none is given are left out: the service may need none. */
function filled({ credentials = {}, ...rest }: IntegrationDraft): IntegrationDraft {
  return Object.keys(credentials).length > 0 ? { ...rest, credentials } : rest;
}
