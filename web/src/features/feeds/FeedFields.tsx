import { SegmentedControl, Stack } from "@mantine/core";
import type { FieldError } from "@/shared/api/client";
import type { FeedDraft } from "@/shared/api/feeds";
import type { Integration, Json, Mode } from "@/shared/api/integrations";
import { PullFields } from "@/shared/form/PullFields";
import { PushFields } from "@/shared/form/PushFields";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { useProvider } from "@/shared/providers";
import { isEmpty } from "@/shared/schema";
import { Section } from "@/shared/ui/Page";

interface Props {
  integration: Integration;
  draft: Omit<FeedDraft, "integration_id">;
  onChange: (draft: FeedDraft) => void;
  errors: FieldError[];
  sample?: Json;
}

/** What a feed may say differently from its integration. */
export function FeedFields({ integration, draft, onChange, errors, sample }: Props) {
  const provider = useProvider(integration.provider);
  const mode = draft.mode ?? integration.mode;
  const change = (part: Partial<FeedDraft>) =>
    onChange({ ...draft, integration_id: integration.id, ...part });
  if (!provider.data) return null;
  // Whatever is set in the integration is not needed again here.
  const options = {
    ...provider.data.config_schema,
    required: provider.data.config_schema.required?.filter((name) => !(name in integration.config)),
  };
  return (
    <Stack>
      {integration.mode === "both" && (
        <SegmentedControl
          aria-label="Direction"
          value={mode}
          onChange={(next) => change({ mode: next as Mode })}
          data={[
            { value: "pull", label: "Pull" },
            { value: "push", label: "Push" },
            { value: "both", label: "Both" },
          ]}
        />
      )}
      {!isEmpty(options) && (
        <Section title="Options of this feed">
          <SchemaForm
            schema={options}
            value={draft.options ?? {}}
            onChange={(options) => change({ options })}
            errors={errors}
            base="/options"
          />
        </Section>
      )}
      {mode !== "push" && (
        <Section title="Pull">
          <PullFields
            value={draft.pull ?? {}}
            onChange={(pull) => change({ pull })}
            errors={errors}
            usual={integration.pull_config?.interval_secs ?? provider.data.interval_secs}
            sample={sample}
          />
        </Section>
      )}
      {mode !== "pull" && (
        <Section title="Push">
          <PushFields
            provider={provider.data}
            value={draft.push ?? {}}
            onChange={(push) => change({ push })}
            errors={errors}
            sample={sample}
          />
        </Section>
      )}
    </Stack>
  );
}
