import { Alert, Stack } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { RunStep } from "@/shared/api/workflows";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Facts, Section } from "@/shared/ui/Page";
import { StateHead } from "@/shared/ui/StateHead";
import { Time } from "@/shared/ui/Time";
import { kindOf } from "./kinds";

/** What a step was given, what it gave, and what went wrong. */
export function RunStepDetail({
  step,
  retry,
}: {
  step: RunStep;
  retry?: { act: () => void; busy: boolean; error: Error | null };
}) {
  return (
    <Stack>
      <StateHead state={step.status} again={retry && { label: "Retry from here", ...retry }} />
      {step.error && (
        <Alert
          color="red"
          icon={<IconAlertTriangle size={18} />}
          title={<span className="mono">{step.error.code}</span>}
        >
          {step.error.message}
        </Alert>
      )}
      <Facts
        of={[
          ["Kind", kindOf(step.type).title],
          ["Attempts", String(step.attempts)],
          ["Began", <Time key="b" at={step.started_at} />],
          ["Ended", <Time key="e" at={step.ended_at} never="not yet" />],
          ...(step.next_attempt_at
            ? [["Goes on", <Time key="n" at={step.next_attempt_at} />] as [string, React.ReactNode]]
            : []),
          [
            "Place",
            <span key="p" className="mono">
              {step.path}
            </span>,
          ],
        ]}
      />
      {step.error?.detail !== undefined && (
        <Section title="What the other side said">
          <JsonCode label="What the other side said" value={pretty(step.error.detail)} minHeight={60} />
        </Section>
      )}
      <Section title="Input">
        <JsonCode label="Input" value={pretty(step.input)} minHeight={60} />
      </Section>
      <Section title="Output">
        <JsonCode label="Output" value={pretty(step.output)} minHeight={60} />
      </Section>
    </Stack>
  );
}
