import { Alert, Code, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useAct } from "@/shared/act";
import { deliveries, type DeliveryAttempt } from "@/shared/api/webhooks";
import { useMay } from "@/shared/me";
import { duration } from "@/shared/time";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { CopyField } from "@/shared/ui/CopyField";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";
import { StateHead } from "@/shared/ui/StateHead";
import { Time } from "@/shared/ui/Time";
import classes from "./DeliveryDetail.module.css";

/** One event told to one webhook: what is sent, and each attempt with its answer. */
export function DeliveryDetail({ id }: { id: string }) {
  const read = useQuery({
    queryKey: ["deliveries", id],
    queryFn: () => deliveries.get(id),
    refetchInterval: ({ state }) => (state.data?.next_attempt_at ? 3_000 : false),
  });
  const replay = useAct(deliveries.replay, {
    stale: ["webhooks", "deliveries"],
    say: "It is told again.",
  });
  const may = useMay("admin");
  if (read.error) return <Problem error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton height={260} />;
  const { request, ...shown } = read.data;
  return (
    <Stack>
      <StateHead
        state={shown.status}
        again={
          may && { label: "Replay", act: () => void replay.run(id), busy: replay.busy, error: replay.error }
        }
      />
      {shown.status === "dead" && shown.error && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title="Nothing more is tried by itself">
          {shown.error}
        </Alert>
      )}
      <Facts
        of={[
          ["Event", <Mono key="e">{shown.event_type}</Mono>],
          ["Happened", <Time key="h" at={shown.event_at} />],
          ["Next attempt", <Time key="n" at={shown.next_attempt_at} never="none" />],
          ["Event id, sent as webhook-id", <Mono key="i">{shown.event_id}</Mono>],
          ["Trace", shown.trace ? <Mono key="t">{shown.trace}</Mono> : "none"],
        ]}
      />
      <Section title={`Attempts (${shown.attempts.length})`}>
        {shown.attempts.length === 0 && (
          <Text size="sm" className="dim">
            The first is to come.
          </Text>
        )}
        <ol className={classes.attempts}>
          {shown.attempts.toReversed().map((attempt, at) => (
            <li key={attempt.at}>
              <Attempt attempt={attempt} number={shown.attempts.length - at} />
            </li>
          ))}
        </ol>
      </Section>
      {request && (
        <>
          <Section title="Body">
            <JsonCode value={pretty(request.body)} label="Body" minHeight={80} />
          </Section>
          <Section title="Headers">
            <Code block tabIndex={0}>
              {[
                ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
                "webhook-timestamp: made anew for each attempt",
                "webhook-signature: made anew for each attempt",
              ].join("\n")}
            </Code>
          </Section>
          <Section title="Address">
            <CopyField value={request.url} label="Copy the address" />
          </Section>
        </>
      )}
    </Stack>
  );
}

const Mono = ({ children }: { children: string }) => <span className="mono">{children}</span>;

function Attempt({ attempt, number }: { attempt: DeliveryAttempt; number: number }) {
  return (
    <>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <span className="dim">{number}.</span>
          <StateBadge state={attempt.error ? "failed" : "succeeded"}>
            {attempt.status_code ?? attempt.error_code ?? "no answer"}
          </StateBadge>
          <span className="dim">{duration(attempt.duration_ms)}</span>
        </Group>
        <Text size="xs" className="dim" component="span">
          <Time at={attempt.at} />
        </Text>
      </Group>
      {attempt.error && (
        <Text size="sm" className="break">
          {attempt.error}{" "}
          {attempt.error_code && attempt.status_code !== null && (
            <span className="mono dim">{attempt.error_code}</span>
          )}
        </Text>
      )}
      {attempt.response && (
        <Code block tabIndex={0} mah={160}>
          {attempt.response}
        </Code>
      )}
    </>
  );
}
