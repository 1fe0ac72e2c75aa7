import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useAct } from "@/shared/act";
import type { FieldError } from "@/shared/api/client";
import type { TestResult, TestStep } from "@/shared/api/integrations";
import { duration } from "@/shared/time";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import classes from "./TestPanel.module.css";

const steps: Record<TestStep["name"], string> = {
  dns: "Find the address",
  connect: "Connect",
  tls: "Check the certificate",
  request: "Ask",
  status: "Status of the answer",
  decode: "Read the answer",
};

export interface Trial {
  run: () => void;
  busy: boolean;
  error: Error | null;
  /** What the server found wrong with single fields. */
  errors: FieldError[];
  /** What was found; gone when what it was about has changed. */
  result: TestResult | null;
}

/** Tests `about`, which is an integration's id or a draft of one. */
export function useTrial<T>(call: (about: T) => Promise<TestResult>, about: T, stale: string[] = []): Trial {
  const [last, setLast] = useState<{ about: T; result: TestResult } | null>(null);
  const { run, busy, error, errors } = useAct(call, {
    stale,
    done: (result) => setLast({ about, result }),
  });
  const result = busy || error || last?.about !== about ? null : last.result;
  return { run: () => void run(about), busy, error, errors, result };
}

/** Really calls the service, and says what happened on the way. */
export function TestPanel({ trial, hint, atOnce = false }: { trial: Trial; hint: string; atOnce?: boolean }) {
  const { run, busy, error, result } = trial;
  const started = useRef(false);
  useEffect(() => {
    if (!atOnce || started.current) return;
    started.current = true;
    run();
  }, [atOnce, run]);
  return (
    <Section
      title="Test"
      aside={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={run}
          loading={busy}
        >
          {result ? "Test again" : "Test now"}
        </Button>
      }
    >
      <div className="box" aria-live="polite">
        {busy && (
          <Group gap="xs">
            <Loader size="xs" /> <Text size="sm">Calling the service …</Text>
          </Group>
        )}
        <Problem error={error} />
        {!busy && !error && !result && (
          <Text size="sm" className="dim">
            {hint}
          </Text>
        )}
        {result && <Result of={result} />}
      </div>
    </Section>
  );
}

function Result({ of }: { of: TestResult }) {
  return (
    <Stack gap="sm">
      <Group gap="xs" wrap="nowrap" align="flex-start" className={of.ok ? classes.ok : classes.bad}>
        {of.ok ? <IconCircleCheck size={20} /> : <IconCircleX size={20} />}
        <Text size="sm" fw={600}>
          {of.message} <span className="dim">{duration(of.duration_ms)}</span>
        </Text>
      </Group>
      <ol className={classes.steps}>
        {of.steps.map((step) => (
          <li key={step.name} data-ok={step.ok}>
            {step.ok ? (
              <IconCircleCheck size={15} aria-label="ok" />
            ) : (
              <IconCircleX size={15} aria-label="failed" />
            )}
            <span>{steps[step.name] ?? step.name}</span>
            <span className="dim break">{step.detail}</span>
            <span className={classes.time}>{step.duration_ms == null ? "" : duration(step.duration_ms)}</span>
          </li>
        ))}
      </ol>
      {of.code && (
        <Text size="xs" className="dim">
          Code <span className="mono">{of.code}</span>, explained in{" "}
          <span className="mono">docs/errors/{of.code}.md</span>
        </Text>
      )}
      {of.sample !== undefined && of.sample !== null && (
        <JsonCode value={pretty(of.sample)} label="Sample of the answer" minHeight={60} maxHeight={260} />
      )}
    </Stack>
  );
}
