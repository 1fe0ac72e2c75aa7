import { Alert, Button, Code, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Fields } from "@/shared/api/integrations";
import { executions, workflows, type Execution, type Step } from "@/shared/api/workflows";
import { duration } from "@/shared/time";
import { pretty } from "@/shared/ui/Code";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";

/** What a step saw in a run, for it to see again. */
export function contextOf(run: Execution): Fields {
  const steps = (run.steps ?? []).filter(({ path }) => !path.includes("["));
  return {
    input: run.input,
    trigger: run.trigger,
    steps: Object.fromEntries(
      steps.map(({ name, output, status }) => [name, { output, status }]),
    ) as unknown as Fields,
  };
}

/** Runs one step with values that are typed, or taken from the last run. */
export function TestStep({ step, workflow }: { step: Step; workflow: string }) {
  const [text, setText] = useState('{\n  "input": {}\n}');
  const [broken, setBroken] = useState(false);
  const last = useAct(
    async () => {
      const { data } = await workflows.latest(workflow, 1);
      if (!data[0]) throw new Error("It has not run yet.");
      return executions.get(data[0].id);
    },
    { done: (run) => setText(pretty(contextOf(run))), sayError: true },
  );
  const trial = useAct((context: Fields) => workflows.testStep(step, context));
  const [result, setResult] = useState<Awaited<ReturnType<typeof workflows.testStep>>>();
  const run = async () => {
    let context: Fields;
    try {
      context = JSON.parse(text || "{}") as Fields;
      setBroken(false);
    } catch {
      setBroken(true);
      return;
    }
    setResult(await trial.run(context));
  };
  return (
    <Stack gap="sm">
      <Text size="xs" className="dim">
        It is done for real: a request is sent, an action is run.
      </Text>
      <Textarea
        label="What it sees"
        classNames={{ input: "mono" }}
        autosize
        minRows={3}
        maxRows={12}
        spellCheck={false}
        value={text}
        error={broken ? "This is not JSON" : undefined}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button
          size="compact-md"
          leftSection={<IconFlask size={15} />}
          onClick={() => void run()}
          loading={trial.busy}
        >
          Try the step
        </Button>
        <Button size="compact-md" variant="default" onClick={() => void last.run()} loading={last.busy}>
          Values of the last run
        </Button>
      </Group>
      <Problem error={trial.error} />
      {result && (
        <div role="status">
          <Group gap="xs" mb={6}>
            <StateBadge state={result.status} />
            <span className="dim">in {duration(result.duration_ms)}</span>
          </Group>
          {result.error ? (
            <Alert color="red" title={<span className="mono">{result.error.code}</span>}>
              {result.error.message}
            </Alert>
          ) : (
            <Code block mah={260} tabIndex={0}>
              {pretty(result.output)}
            </Code>
          )}
        </div>
      )}
    </Stack>
  );
}
