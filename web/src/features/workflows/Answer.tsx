import { Alert, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconCheck, IconUserQuestion, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Fields } from "@/shared/api/integrations";
import { executions, type RunStep } from "@/shared/api/workflows";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";

/** A step that asks a person, and the two answers. */
export function Answer({ run, step, may }: { run: string; step: RunStep; may: boolean }) {
  const [comment, setComment] = useState("");
  const answer = useAct(
    (approved: boolean) =>
      executions.answer(run, {
        step: step.path,
        approved,
        ...(comment.trim() ? { comment: comment.trim() } : {}),
      }),
    { stale: ["executions"] },
  );
  const asked = (step.input ?? {}) as Fields;
  return (
    <Alert
      color="blue"
      icon={<IconUserQuestion size={18} />}
      title={`${step.name} waits for an answer`}
      role="region"
      aria-label={`${step.name} waits for an answer`}
    >
      <Stack gap="sm">
        <Text size="sm">
          {typeof asked.message === "string" ? asked.message : "May it go on?"}
          {typeof asked.to === "string" && <span className="dim"> For {asked.to}.</span>}
        </Text>
        {step.next_attempt_at && (
          <Text size="xs" className="dim">
            Without an answer it fails <Time at={step.next_attempt_at} />.
          </Text>
        )}
        {may ? (
          <>
            <Textarea
              label="Comment"
              description="Kept with the answer"
              autosize
              minRows={1}
              maxRows={5}
              maw={560}
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
            />
            <Problem error={answer.error} />
            <Group gap="xs">
              <Button
                leftSection={<IconCheck size={15} />}
                onClick={() => void answer.run(true)}
                loading={answer.busy}
              >
                Approve
              </Button>
              <Button
                variant="default"
                c="var(--state-failing)"
                leftSection={<IconX size={15} />}
                onClick={() => void answer.run(false)}
                disabled={answer.busy}
              >
                Deny
              </Button>
            </Group>
          </>
        ) : (
          <Text size="sm">An editor of this workspace can answer.</Text>
        )}
      </Stack>
    </Alert>
  );
}
