import {
  Accordion,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import type { FieldError } from "../api/client";
import type { Fields, Json, PullConfig } from "../api/integrations";
import { duration } from "../time";
import { limitsSchema, requestSchema } from "./pull";
import { SchemaForm } from "./SchemaForm";
import { Transform } from "./Transform";

interface Props {
  value: PullConfig;
  onChange: (value: PullConfig) => void;
  errors?: FieldError[];
  base?: string;
  /** What the provider does when nothing is said here. */
  usual?: number | null;
  /** A document to try the transform on. */
  sample?: Json;
}

/** When and how a feed asks. */
export function PullFields({ value, onChange, errors = [], base = "/pull", usual, sample }: Props) {
  // A form changes its own fields and hands back the others as they were.
  const form = { value: value as Fields, errors, base };
  return (
    <Stack gap="sm">
      <Schedule value={value} onChange={onChange} errors={errors} base={base} usual={usual} />
      <Accordion variant="separated" multiple chevronPosition="left">
        <Accordion.Item value="request">
          <Accordion.Control>Request</Accordion.Control>
          <Accordion.Panel>
            <SchemaForm {...form} schema={requestSchema} onChange={(next) => onChange(next as PullConfig)} />
          </Accordion.Panel>
        </Accordion.Item>
        <Transform value={value} onChange={onChange} sample={sample} errors={errors} base={base} />
        <Accordion.Item value="limits">
          <Accordion.Control>Limits and versions</Accordion.Control>
          <Accordion.Panel>
            <SchemaForm {...form} schema={limitsSchema} onChange={(next) => onChange(next as PullConfig)} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

const units = [
  { value: "1", label: "seconds" },
  { value: "60", label: "minutes" },
  { value: "3600", label: "hours" },
];
const zones = () => ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
type Way = "usual" | "interval" | "cron";

function Schedule({
  value,
  onChange,
  errors,
  base,
  usual,
}: Required<Pick<Props, "value" | "onChange" | "errors" | "base">> & Pick<Props, "usual">) {
  const [way, setWay] = useState<Way>(value.cron ? "cron" : value.interval_secs ? "interval" : "usual");
  const seconds = value.interval_secs ?? usual ?? 300;
  const [unit, setUnit] = useState(seconds % 3600 === 0 ? "3600" : seconds % 60 === 0 ? "60" : "1");
  const said = (name: string) => errors.find(({ pointer }) => pointer === `${base}/${name}`)?.message;
  const { interval_secs: _interval, cron: _cron, time_zone: _zone, ...rest } = value;
  const choose = (next: Way) => {
    setWay(next);
    if (next === "usual") onChange(rest);
    if (next === "interval") onChange({ ...rest, interval_secs: seconds });
    if (next === "cron")
      onChange({
        ...rest,
        cron: value.cron ?? "*/15 * * * *",
        time_zone: value.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      });
  };
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500} id="schedule">
        How often
      </Text>
      <SegmentedControl
        aria-labelledby="schedule"
        value={way}
        onChange={(next) => choose(next as Way)}
        data={[
          { value: "usual", label: usual ? `Usual: ${duration(usual * 1000)}` : "As usual" },
          { value: "interval", label: "Every …" },
          { value: "cron", label: "At set times" },
        ]}
      />
      {way === "interval" && (
        <Group gap="xs" align="flex-start">
          <NumberInput
            aria-label="Interval"
            w={110}
            min={1}
            allowDecimal={false}
            value={seconds / Number(unit)}
            error={said("interval_secs")}
            onChange={(next) =>
              typeof next === "number" &&
              onChange({ ...rest, interval_secs: Math.max(1, Math.round(next * Number(unit))) })
            }
          />
          <Select
            aria-label="Unit"
            w={130}
            data={units}
            value={unit}
            allowDeselect={false}
            onChange={(next) => next && setUnit(next)}
          />
        </Group>
      )}
      {way === "cron" && (
        <Group gap="xs" align="flex-start" grow>
          <TextInput
            aria-label="Cron expression"
            className="mono"
            value={value.cron ?? ""}
            error={said("cron")}
            description="minute hour day month weekday"
            inputWrapperOrder={["input", "description", "error"]}
            onChange={(event) => onChange({ ...value, cron: event.currentTarget.value })}
          />
          <Select
            aria-label="Time zone"
            searchable
            data={zones()}
            limit={80}
            value={value.time_zone ?? "UTC"}
            error={said("time_zone")}
            allowDeselect={false}
            onChange={(next) => onChange({ ...value, time_zone: next ?? "UTC" })}
          />
        </Group>
      )}
    </Stack>
  );
}
