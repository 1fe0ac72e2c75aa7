import { Anchor, Select, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { FieldError } from "@/shared/api/client";
import type { Fields, Json } from "@/shared/api/integrations";
import { useConnectors, useConnectorTypes } from "@/shared/connectors";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { Problem } from "@/shared/ui/Problem";
import { called, type Called } from "./called";
import { templated } from "./kinds";

interface Props {
  config: Fields;
  onChange: (config: Fields) => void;
  errors: FieldError[];
  base: string;
}

/** Which integration does what, and with what: the form of the action's own schema. */
export function ConnectorFields({ config, onChange, errors, base }: Props) {
  const types = useConnectorTypes();
  const mine = useConnectors();
  const call = called(config);
  const set = (change: Partial<Called>) => onChange({ ...call, ...change } as Fields);
  const chosen = mine.rows.find(({ id }) => id === call.integration_id);
  const type = types.rows.find(({ type }) => type === (chosen?.type ?? call.provider));
  const action = type?.actions.find(({ name }) => name === call.action);
  const errorOf = (field: string) => errors.find(({ pointer }) => pointer === `${base}/${field}`)?.message;
  return (
    <Stack gap="sm">
      <Problem error={types.error ?? mine.error} retry={() => (types.retry(), mine.retry())} />
      <Select
        label="Integration"
        description={
          mine.rows.length === 0 && !mine.pending ? (
            <>
              None can do anything yet.{" "}
              <Anchor component={Link} to="/catalog" size="xs">
                See what there is
              </Anchor>
            </>
          ) : (
            "With its credentials the action is done"
          )
        }
        searchable
        data={mine.rows.map(({ id, name, type }) => ({ value: id, label: `${name} (${type})` }))}
        value={call.integration_id ?? null}
        error={errorOf("integration_id") ?? errorOf("provider")}
        onChange={(id) => {
          const next = mine.rows.find((it) => it.id === id);
          const keeps = next?.type === type?.type;
          set({
            integration_id: id ?? undefined,
            provider: next?.type,
            ...(keeps ? {} : { action: undefined, input: {} }),
          });
        }}
      />
      <Select
        label="Action"
        withAsterisk
        searchable
        disabled={!type}
        data={type?.actions.map(({ name, title }) => ({ value: name, label: title })) ?? []}
        value={call.action ?? null}
        error={errorOf("action")}
        onChange={(action) => set({ action: action ?? undefined })}
      />
      {action && (
        <>
          <Text size="xs" className="dim">
            {action.description}
          </Text>
          <SchemaForm
            key={`${type?.type} ${action.name}`}
            schema={templated(action.input_schema)}
            value={call.input}
            onChange={(input) => set({ input })}
            errors={errors}
            base={`${base}/input`}
          />
        </>
      )}
      {!action && Object.keys(call.input).length > 0 && (
        <Text size="xs" className="dim">
          Its input is kept, and to be seen in the JSON: <span className="mono">{said(call.input)}</span>
        </Text>
      )}
    </Stack>
  );
}

const said = (input: Json) => JSON.stringify(input).slice(0, 120);
