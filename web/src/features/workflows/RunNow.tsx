import { Button, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Fields, Json } from "@/shared/api/integrations";
import { workflows, type Workflow } from "@/shared/api/workflows";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { defaultsOf, isEmpty, type Schema } from "@/shared/schema";
import { JsonCode } from "@/shared/ui/Code";
import { Problem } from "@/shared/ui/Problem";

/** Runs it by hand, as it is saved: with a form where it says what it takes, else with JSON. */
export function RunNow({ workflow }: { workflow: Workflow }) {
  const navigate = useNavigate();
  const schema = workflow.input as unknown as Schema | undefined;
  const asks = !isEmpty(schema);
  const [fields, setFields] = useState<Fields>(() => (asks ? defaultsOf(schema!) : {}));
  const [text, setText] = useState("{}");
  const run = useAct((input: Json) => workflows.execute(workflow.id, input), {
    stale: ["executions"],
    done: ({ id }) => void navigate({ to: "/executions/$id", params: { id } }),
  });
  const [broken, setBroken] = useState(false);
  const go = () => {
    if (asks) return void run.run(fields);
    try {
      const input = JSON.parse(text || "null") as Json;
      setBroken(false);
      void run.run(input);
    } catch {
      setBroken(true);
    }
  };
  return (
    <Stack>
      {asks ? (
        <SchemaForm schema={schema!} value={fields} onChange={setFields} errors={run.errors} base="/input" />
      ) : (
        <div>
          <Text size="sm" fw={500} mb={4}>
            Input
          </Text>
          <JsonCode label="Input" value={text} onChange={setText} minHeight={120} />
          {broken && (
            <Text size="xs" c="var(--state-failing)" role="alert">
              This is not JSON
            </Text>
          )}
        </div>
      )}
      <Problem error={run.error} />
      <Button onClick={go} loading={run.busy}>
        Run it
      </Button>
    </Stack>
  );
}
