import { Button, Stack, Text, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useState } from "react";
import type { FieldError } from "@/shared/api/client";
import type { Fields, IntegrationDraft, Provider } from "@/shared/api/integrations";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { defaultsOf, isEmpty, missingIn } from "@/shared/schema";
import { CopyField } from "@/shared/ui/CopyField";
import { settingsOf } from "./platforms";

export type AppDraft = IntegrationDraft & { credentials: Fields };

export const draftOf = (provider: Provider): AppDraft => ({
  name: provider.name,
  provider: provider.id,
  config: defaultsOf(provider.config_schema),
  credentials: defaultsOf(provider.credentials_schema),
});

export const missingOf = (provider: Provider, draft: AppDraft): FieldError[] => [
  ...(draft.name.trim() ? [] : [{ pointer: "/name", message: "A name is needed" }]),
  ...missingIn(provider.config_schema, draft.config, "/config"),
  ...missingIn(provider.credentials_schema, draft.credentials, "/credentials"),
];

interface Props {
  provider: Provider;
  draft: AppDraft;
  onChange: (draft: AppDraft) => void;
  errors: FieldError[];
  redirectUri: string;
}

/** An integration with the app that was registered at the platform. */
export function NewApp({ provider, draft, onChange, errors, redirectUri }: Props) {
  const [more, setMore] = useState(false);
  const { asked, rest } = settingsOf(provider.config_schema);
  const form = (schema: typeof asked) => (
    <SchemaForm
      schema={schema}
      value={draft.config}
      onChange={(config) => onChange({ ...draft, config })}
      errors={errors}
      base="/config"
    />
  );
  const Mark = more ? IconChevronUp : IconChevronDown;
  return (
    <>
      <Stack gap={6}>
        <Text size="sm">
          Register an app with {provider.name}, give it this redirect URI, and enter here what you get.
        </Text>
        <CopyField value={redirectUri} label="Copy the redirect URI" />
      </Stack>
      <TextInput
        label="Name"
        withAsterisk
        value={draft.name}
        error={errors.find(({ pointer }) => pointer === "/name")?.message}
        onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
      />
      {!isEmpty(provider.credentials_schema) && (
        <SchemaForm
          schema={provider.credentials_schema}
          value={draft.credentials}
          onChange={(credentials) => onChange({ ...draft, credentials })}
          errors={errors}
          base="/credentials"
        />
      )}
      {!isEmpty(asked) && form(asked)}
      {!isEmpty(rest) && (
        <>
          <Button
            variant="subtle"
            size="compact-sm"
            w="fit-content"
            ml={-6}
            rightSection={<Mark size={14} />}
            aria-expanded={more}
            onClick={() => setMore(!more)}
          >
            More settings
          </Button>
          {more && form(rest)}
        </>
      )}
    </>
  );
}
