import { SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useState } from "react";
import type { FieldError } from "@/shared/api/client";
import {
  integrations,
  type Fields,
  type IntegrationDraft,
  type OwnQuota,
  type Provider,
} from "@/shared/api/integrations";
import { PullFields } from "@/shared/form/PullFields";
import { PushFields } from "@/shared/form/PushFields";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { isEmpty, type Schema } from "@/shared/schema";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Section } from "@/shared/ui/Page";

interface Props {
  provider: Provider;
  draft: IntegrationDraft;
  onChange: (draft: IntegrationDraft) => void;
  /** The JSON that is being typed cannot be read yet. */
  onBroken: (broken: boolean) => void;
  errors: FieldError[];
}

/** Where the provider has granted the app more than everybody has. */
const quotaSchema: Schema = {
  type: "object",
  properties: {
    daily_units: {
      type: "integer",
      minimum: 1,
      title: "Units a day",
      description: "Where the provider counts by the day. Empty for what everybody has.",
    },
    requests: { type: "integer", minimum: 1, title: "Requests" },
    window_secs: {
      type: "integer",
      minimum: 1,
      title: "In so many seconds",
      description: "Empty for the provider’s usual span.",
    },
  },
};

/** An integration in the making: as a form, or as the JSON that the form writes. */
export function DraftForm({ provider, draft, onChange, onBroken, errors }: Props) {
  const [view, setView] = useState("form");
  const said = useValidation(draft);
  const all = distinct([...errors, ...(view === "json" ? said : [])]);
  const nothingToSay = isEmpty(provider.config_schema) && isEmpty(provider.credentials_schema);
  return (
    <Stack>
      <SegmentedControl
        aria-label="Form or JSON"
        value={view}
        onChange={(next) => {
          setView(next);
          onBroken(false);
        }}
        data={[
          { value: "form", label: "Form" },
          { value: "json", label: "JSON" },
        ]}
      />
      {view === "json" ? (
        <JsonDraft draft={draft} onChange={onChange} onBroken={onBroken} errors={all} />
      ) : (
        <>
          <TextInput
            label="Name"
            withAsterisk
            value={draft.name}
            error={all.find(({ pointer }) => pointer === "/name")?.message}
            onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
          />
          {nothingToSay && (
            <Text size="sm" className="dim">
              This service needs no settings.
            </Text>
          )}
          {!isEmpty(provider.config_schema) && (
            <SchemaForm
              schema={provider.config_schema}
              value={draft.config}
              onChange={(config) => onChange({ ...draft, config })}
              errors={all}
              base="/config"
            />
          )}
          {draft.credentials && !isEmpty(provider.credentials_schema) && (
            <Section title="Credentials">
              <SchemaForm
                schema={provider.credentials_schema}
                value={draft.credentials}
                onChange={(credentials) => onChange({ ...draft, credentials })}
                errors={all}
                base="/credentials"
              />
            </Section>
          )}
          {draft.pull && (
            <Section title="Pull">
              <PullFields
                value={draft.pull}
                onChange={(pull) => onChange({ ...draft, pull })}
                errors={all}
                usual={provider.interval_secs}
              />
            </Section>
          )}
          {draft.quota && (
            <Section title="Larger quota">
              <SchemaForm
                schema={quotaSchema}
                value={draft.quota as Fields}
                onChange={(quota) => onChange({ ...draft, quota: quota as OwnQuota })}
                errors={all}
                base="/quota"
              />
            </Section>
          )}
          {draft.push && (
            <Section title="Push">
              <PushFields
                provider={provider}
                value={draft.push}
                onChange={(push) => onChange({ ...draft, push })}
                errors={all}
              />
            </Section>
          )}
        </>
      )}
    </Stack>
  );
}

function JsonDraft({ draft, onChange, onBroken, errors }: Omit<Props, "provider">) {
  const [text, setText] = useState(() => pretty(draft));
  const change = (next: string) => {
    setText(next);
    try {
      const read = JSON.parse(next) as IntegrationDraft;
      const usable =
        typeof read === "object" &&
        read !== null &&
        typeof read.name === "string" &&
        typeof read.config === "object" &&
        read.config !== null;
      onBroken(!usable);
      if (usable) onChange({ ...read, provider: draft.provider });
    } catch {
      onBroken(true);
    }
  };
  return (
    <div>
      <JsonCode value={text} onChange={change} label="Integration as JSON" errors={errors} minHeight={280} />
      <ul className="plain" aria-live="polite">
        {errors.map(({ pointer, message }) => (
          <li key={pointer + message}>
            <span className="mono">{pointer || "/"}</span> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Asks the server what it thinks of the draft, a moment after the last change. */
function useValidation(draft: IntegrationDraft): FieldError[] {
  const [settled] = useDebouncedValue(draft, 400);
  const [errors, setErrors] = useState<FieldError[]>([]);
  useEffect(() => {
    let current = true;
    const { provider, config, credentials } = settled;
    integrations.validate({ provider, config, credentials }).then(
      (verdict) => current && setErrors(verdict.errors ?? []),
      // The server checks again when the integration is added, and then says so aloud.
      () => current && setErrors([]),
    );
    return () => {
      current = false;
    };
  }, [settled]);
  return errors;
}

const distinct = (errors: FieldError[]) => [
  ...new Map(errors.map((error) => [error.pointer + error.message, error])).values(),
];
