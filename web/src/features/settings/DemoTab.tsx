import { NumberInput, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { instance, type SandboxService } from "@/shared/api/instance";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import classes from "./DemoTab.module.css";

/** Knobs that break the simulated outside world, to see how the house takes it. */
export default function DemoTab() {
  const sandbox = useQuery({ queryKey: ["sandbox"], queryFn: instance.sandbox });
  if (sandbox.error) return <Problem error={sandbox.error} retry={() => void sandbox.refetch()} />;
  if (!sandbox.data) return <Skeleton height={200} />;
  return (
    <Stack>
      <Text size="sm" className="dim">
        The services of the demo run on this machine. Break one, and watch its cable on the home page.
      </Text>
      <div className={classes.grid}>
        {sandbox.data.services.map((service) => (
          <Faults key={service.name} service={service} />
        ))}
      </div>
    </Stack>
  );
}

const words: Record<string, string> = {
  rate_limited: "Too many requests (429)",
  server_error: "Server errors (503)",
  garbage: "Garbage instead of answers",
  drop_connection: "Drops the connection",
  duplicate: "Sends everything twice",
  token_html: "Web page instead of a token",
  token_empty: "Empty token answer",
  token_huge: "Token answer of 64 MB",
  token_ill_typed: "Token answer of wrong types",
  refresh_lost: "Loses the answer to a refresh",
  refresh_omitted: "Leaves out the refresh token",
  invalid_grant_once: "Refuses the next refresh once",
  field_removed: "A metric’s field is missing",
  field_renamed: "A metric’s field has another name",
  slow_ms: "Slow by, in ms",
  token_slow_ms: "Token endpoint slow by, in ms",
  late_ms: "Sends late by, in ms",
  probability: "Share of requests hit, 0 to 1",
};

function Faults({ service }: { service: SandboxService }) {
  const [faults, setFaults] = useState(service.faults);
  const save = useAct(instance.setFaults, { stale: ["sandbox"] });
  const send = useDebouncedCallback(
    (next: SandboxService["faults"]) => void save.run(service.name, next),
    250,
  );
  const set = (name: string, value: boolean | number) => {
    const next = { ...faults, [name]: value };
    setFaults(next);
    send(next);
  };
  return (
    <Section title={service.title}>
      <Stack className="box" gap="xs">
        {service.url && (
          <Text size="xs" className="mono dim break">
            {service.url}
          </Text>
        )}
        {Object.keys(words).map((name) => {
          const value = faults[name];
          if (value === undefined || !service.knobs.includes(name)) return null;
          const label = words[name];
          return typeof value === "boolean" ? (
            <Switch
              key={name}
              size="sm"
              label={label}
              checked={value}
              onChange={(event) => set(name, event.currentTarget.checked)}
            />
          ) : (
            <NumberInput
              key={name}
              size="xs"
              label={label}
              min={0}
              max={name === "probability" ? 1 : undefined}
              step={name === "probability" ? 0.1 : 100}
              value={value}
              onChange={(next) => typeof next === "number" && set(name, next)}
            />
          );
        })}
        <Problem error={save.error} />
      </Stack>
    </Section>
  );
}
