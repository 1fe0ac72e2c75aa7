import { Accordion, Alert, Group, Select, Stack, TextInput } from "@mantine/core";
import { IconLockOpen } from "@tabler/icons-react";
import type { FieldError } from "../api/client";
import type { Fields, Json, Provider, PushConfig } from "../api/integrations";
import { arrivalSchema } from "./pull";
import { SchemaForm } from "./SchemaForm";
import { Transform } from "./Transform";

interface Props {
  provider: Pick<Provider, "push_schemes">;
  value: PushConfig;
  onChange: (value: PushConfig) => void;
  errors?: FieldError[];
  base?: string;
  sample?: Json;
}

/** How a push is trusted and what becomes of it. */
export function PushFields({ provider, value, onChange, errors = [], base = "/push", sample }: Props) {
  const schemes = provider.push_schemes;
  const way = value.unsigned
    ? "unsigned"
    : value.api_key
      ? "api_key"
      : (value.scheme ?? schemes[0]?.name ?? null);
  const { scheme: _scheme, unsigned: _unsigned, api_key: _key, ...rest } = value;
  const choose = (next: string | null) => {
    if (next === "unsigned") onChange({ ...rest, unsigned: true });
    else if (next === "api_key") onChange({ ...rest, api_key: { in: "header", name: "X-API-Key" } });
    else if (next) onChange({ ...rest, scheme: next });
  };
  return (
    <Stack gap="sm">
      <Select
        label="How a push proves where it comes from"
        value={way}
        onChange={choose}
        allowDeselect={false}
        error={errors.find(({ pointer }) => pointer === `${base}/scheme`)?.message}
        data={[
          ...schemes.map(({ name, title }) => ({ value: name, label: title })),
          { value: "api_key", label: "API key in a header or the address" },
          { value: "unsigned", label: "Not at all (unsigned)" },
        ]}
        classNames={{ input: value.unsigned ? "unsigned" : undefined }}
      />
      {value.unsigned && (
        <Alert color="red" icon={<IconLockOpen size={18} />} title="Unsigned: anybody may push">
          Whoever learns the address can write into this feed. Choose this only for a sender that cannot sign,
          and limit the senders below.
        </Alert>
      )}
      {value.api_key && (
        <Group grow align="flex-start">
          <Select
            label="The key is in the"
            data={["header", "query"]}
            allowDeselect={false}
            value={value.api_key.in}
            onChange={(next) =>
              onChange({ ...value, api_key: { ...value.api_key!, in: next as "header" | "query" } })
            }
          />
          <TextInput
            label="called"
            value={value.api_key.name}
            onChange={(event) =>
              onChange({ ...value, api_key: { ...value.api_key!, name: event.currentTarget.value } })
            }
          />
        </Group>
      )}
      <Accordion variant="separated" multiple chevronPosition="left">
        <Accordion.Item value="arrival">
          <Accordion.Control>What becomes of it</Accordion.Control>
          <Accordion.Panel>
            <SchemaForm
              schema={arrivalSchema}
              value={value as Fields}
              onChange={(next) => onChange(next as PushConfig)}
              errors={errors}
              base={base}
            />
          </Accordion.Panel>
        </Accordion.Item>
        <Transform value={value} onChange={onChange} sample={sample} errors={errors} base={base} />
      </Accordion>
    </Stack>
  );
}
