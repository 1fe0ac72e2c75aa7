import { Accordion, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { FieldError } from "@/shared/api/client";
import type { Fields } from "@/shared/api/integrations";
import type { Step } from "@/shared/api/workflows";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { ConnectorFields } from "./ConnectorFields";
import { conductSchema, kindOf } from "./kinds";
import { BranchFields, CaseFields } from "./LaneFields";
import { TestStep } from "./TestStep";

interface Props {
  step: Step;
  at: string;
  workflow: string;
  onChange: (step: Step) => void;
  onRemove: () => void;
  errors: FieldError[];
  may: boolean;
}

const onErrors = [
  { value: "fail", label: "the run fails" },
  { value: "continue", label: "the next step begins all the same" },
  { value: "steps", label: "steps of its own see to it" },
];

/** One step: its settings, when it is done, what follows when it fails, and a way to try it. */
export function StepForm({ step, at, workflow, onChange, onRemove, errors, may }: Props) {
  const kind = kindOf(step.type);
  const config = step.config ?? {};
  const own = errors.filter(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`));
  const errorOf = (field: string) => own.find(({ pointer }) => pointer === `${at}/${field}`)?.message;
  const setConfig = (config: Fields) => onChange({ ...step, config });
  const unshown = own.filter(({ pointer }) => [at, `${at}/config`, `${at}/type`].includes(pointer));
  const handler = Array.isArray(step.on_error) ? "steps" : (step.on_error ?? "fail");
  return (
    <Stack gap="sm">
      <div>
        <Text fw={600}>{kind.title}</Text>
        <Text size="sm" className="dim">
          {kind.about}
        </Text>
      </div>
      {unshown.map(({ message }) => (
        <Text key={message} size="sm" c="var(--state-failing)" role="alert">
          {message}
        </Text>
      ))}
      <TextInput
        label="Name"
        description={`Others see what it gives as {{ steps.${step.name || "name"}.output }}`}
        classNames={{ input: "mono" }}
        withAsterisk
        value={step.name}
        error={errorOf("name")}
        onChange={(event) => onChange({ ...step, name: event.currentTarget.value })}
      />
      {step.type === "connector" ? (
        <ConnectorFields config={config} onChange={setConfig} errors={own} base={`${at}/config`} />
      ) : (
        <SchemaForm
          schema={kind.schema}
          value={config}
          onChange={setConfig}
          errors={own}
          base={`${at}/config`}
        />
      )}
      {step.type === "switch" && <CaseFields config={config} onChange={setConfig} />}
      {step.type === "parallel" && <BranchFields config={config} onChange={setConfig} />}
      <Accordion variant="separated" multiple chevronPosition="left">
        <Accordion.Item value="conduct">
          <Accordion.Control>When it is done, and when it fails</Accordion.Control>
          <Accordion.Panel>
            <Stack gap="sm">
              <Select
                label="When it fails"
                data={onErrors}
                value={handler}
                allowDeselect={false}
                error={errorOf("on_error")}
                onChange={(next) =>
                  onChange({ ...step, on_error: next === "steps" ? [] : (next as "fail" | "continue") })
                }
              />
              <SchemaForm
                schema={conductSchema(kind)}
                value={step as unknown as Fields}
                onChange={(next) => onChange(tidy(next as unknown as Step))}
                errors={own}
                base={at}
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
        {kind.acts && may && (
          <Accordion.Item value="test">
            <Accordion.Control>Try it alone</Accordion.Control>
            <Accordion.Panel>
              <TestStep step={step} workflow={workflow} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
      </Accordion>
      {may && (
        <Group>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconTrash size={14} />}
            onClick={onRemove}
          >
            Remove the step
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** A retry of which nothing is said is none. */
function tidy(step: Step): Step {
  const { retry, ...rest } = step;
  return retry && Object.keys(retry).length > 0 ? step : rest;
}
