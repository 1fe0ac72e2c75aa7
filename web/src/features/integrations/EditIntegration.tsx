import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { useAct } from "@/shared/act";
import {
  integrations,
  type Integration,
  type IntegrationDraft,
  type OwnQuota,
  type Provider,
} from "@/shared/api/integrations";
import { Problem } from "@/shared/ui/Problem";
import { DraftForm } from "./DraftForm";

/** Changes settings in place. Credentials are rotated in their own tab, never shown here. */
export function EditIntegration({
  integration,
  provider,
  done,
}: {
  integration: Integration;
  provider: Provider;
  done: () => void;
}) {
  const [draft, setDraft] = useState<IntegrationDraft>(() => ({
    name: integration.name,
    provider: integration.provider,
    config: integration.config,
    ...(integration.mode !== "push"
      ? { pull: integration.pull_config ?? {}, quota: integration.quota ?? {} }
      : {}),
    ...(integration.mode !== "pull" ? { push: integration.push_config ?? {} } : {}),
  }));
  const [broken, setBroken] = useState(false);
  const save = useAct(
    () => {
      const { name, config, pull, push } = draft;
      const quota = changed(integration.quota ?? {}, draft.quota ?? {});
      return integrations.change(integration.id, { name, config, pull, push, quota });
    },
    { stale: ["integrations", "graph", "status"], say: "Saved.", done },
  );
  return (
    <Stack>
      <DraftForm
        provider={provider}
        draft={draft}
        onChange={setDraft}
        onBroken={setBroken}
        errors={save.errors}
      />
      <Problem error={save.error} />
      <Button onClick={() => void save.run()} loading={save.busy} disabled={broken}>
        Save
      </Button>
    </Stack>
  );
}

/** What is to be said of the quota: nothing where it stays, null where none is left. */
function changed(before: OwnQuota, now: OwnQuota): OwnQuota | null | undefined {
  const names = ["daily_units", "requests", "window_secs"] as const;
  if (names.every((name) => before[name] === now[name])) return undefined;
  return names.some((name) => now[name]) ? now : null;
}
