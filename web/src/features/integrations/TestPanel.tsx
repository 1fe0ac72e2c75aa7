import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useAct } from "@/shared/act";
import { integrations, type TestResult, type TestStep } from "@/shared/api/integrations";
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

/** Really calls the service, and says what happened on the way. */
export function TestPanel({ id, atOnce }: { id: string; atOnce: boolean }) {
  const test = useAct(integrations.test, {
    stale: ["integrations", "status"],
    done: (result) => (last.current = result),
  });
  const last = useRef<TestResult | null>(null);
  const started = useRef(false);
  const { run } = test;
  useEffect(() => {
    if (!atOnce || started.current) return;
    started.current = true;
    void run(id);
  }, [atOnce, id, run]);
  const result = test.busy || test.error ? null : last.current;
  return (
    <Section
      title="Test"
      aside={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => void test.run(id)}
          loading={test.busy}
        >
          {last.current ? "Test again" : "Test now"}
        </Button>
      }
    >
      <div className="box" aria-live="polite">
        {test.busy && (
          <Group gap="xs">
            <Loader size="xs" /> <Text size="sm">Calling the service …</Text>
          </Group>
        )}
        <Problem error={test.error} />
        {!test.busy && !test.error && !result && (
          <Text size="sm" className="dim">
            Makes one cheap request with the stored credentials and shows each step. Nothing is changed.
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
