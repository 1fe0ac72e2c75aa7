import { Alert, Anchor, Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconPlayerStop, IconRepeat } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useAct } from "@/shared/act";
import type { EventEntry } from "@/shared/api/health";
import { executions, workflows, type Execution, type StepStatus } from "@/shared/api/workflows";
import { useUrlState } from "@/shared/listing";
import { useEvents } from "@/shared/live";
import { useMay } from "@/shared/me";
import { duration } from "@/shared/time";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Opened } from "@/shared/ui/DetailPage";
import { Facts, Page, Section } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { StateBadge } from "@/shared/ui/State";
import { Time, useNow } from "@/shared/ui/Time";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { Answer } from "./Answer";
import { placeOf, withoutRounds } from "./definition";
import { isOver } from "./outcome";
import { RunStepDetail } from "./RunStepDetail";
import { Timeline } from "./Timeline";
import { startedBy } from "./words";

const Canvas = lazy(() => import("./Canvas"));
const kind = { one: "run", key: "executions", back: { to: "/executions", label: "Runs" } };

export default function RunPage() {
  return (
    <Opened kind={kind} read={executions.get}>
      {(run) => <Shown key={run.id} run={run} />}
    </Opened>
  );
}

/** Steps follow each other fast: what they tell is read together, but soon. */
const PAUSE = 250;

function useLiveRun(id: string) {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEvents(
    useCallback(
      (event: EventEntry) => {
        if (event.subject !== id) return;
        timer.current ??= setTimeout(() => {
          timer.current = undefined;
          void queries.invalidateQueries({ queryKey: ["executions", id] });
        }, PAUSE);
      },
      [queries, id],
    ),
  );
  useEffect(() => () => clearTimeout(timer.current), []);
}

function Shown({ run }: { run: Execution }) {
  useLiveRun(run.id);
  const may = useMay("editor");
  const navigate = useNavigate();
  const [url, setUrl] = useUrlState();
  const workflow = useQuery({
    queryKey: ["workflows", run.workflow_id],
    queryFn: () => workflows.get(run.workflow_id),
    retry: false,
  });
  const cancel = useAct(executions.cancel, { stale: ["executions"], sayError: true });
  const retry = useAct((from?: string) => executions.retry(run.id, from), {
    stale: ["executions"],
    done: ({ id }) => void navigate({ to: "/executions/$id", params: { id } }),
    sayError: true,
  });
  const steps = run.steps ?? [];
  const asking = steps.filter(({ type, status }) => type === "approval" && status === "waiting");
  const open = steps.find(({ path }) => path === url.step);
  const over = isOver(run);
  return (
    <Page
      title={workflow.data ? `Run of ${workflow.data.name}` : "Run"}
      back={kind.back}
      lead={
        <>
          Started {startedBy(run.trigger)} <Time at={run.created_at} /> · version {run.version} of{" "}
          <Anchor component={Link} to={`/workflows/${run.workflow_id}`} size="sm">
            {workflow.data?.name ?? "its workflow"}
          </Anchor>
        </>
      }
      actions={
        may &&
        (over ? (
          <Button
            leftSection={<IconRepeat size={15} />}
            onClick={() => void retry.run()}
            loading={retry.busy}
          >
            Retry
          </Button>
        ) : (
          <Button
            variant="default"
            c="var(--state-failing)"
            leftSection={<IconPlayerStop size={15} />}
            onClick={() => void cancel.run(run.id)}
            loading={cancel.busy}
          >
            Cancel
          </Button>
        ))
      }
    >
      {run.error && (
        <Alert
          color="red"
          icon={<IconAlertTriangle size={18} />}
          title={run.error.step ? `It failed at ${run.error.step}` : "It failed"}
        >
          {run.error.message} <span className="mono">({run.error.code})</span>
        </Alert>
      )}
      {asking.map((step) => (
        <Answer key={step.path} run={run.id} step={step} may={may} />
      ))}
      <div className="box">
        <Facts
          of={[
            ["State", <StateBadge key="s" state={run.status} />],
            ["Took", <Took key="t" run={run} />],
            ["Steps reached", String(steps.length)],
            ...(run.retry_of ? [["Another try of", <Run key="r" id={run.retry_of} />] as Fact] : []),
            ...(run.parent_id ? [["Started by", <Run key="p" id={run.parent_id} />] as Fact] : []),
            ...(run.trace
              ? [
                  [
                    "Trace",
                    <span key="x" className="mono">
                      {run.trace}
                    </span>,
                  ] as Fact,
                ]
              : []),
          ]}
        />
      </div>
      <UrlTabs
        tabs={[
          {
            value: "steps",
            label: `Timeline (${steps.length})`,
            panel: <Timeline run={run} onOpen={(path) => setUrl({ step: path })} />,
          },
          {
            value: "graph",
            label: "Graph",
            panel: <Graph run={run} onOpen={(path) => setUrl({ step: path })} />,
          },
          { value: "data", label: "Input and output", panel: <Data run={run} /> },
        ]}
      />
      <Panel
        opened={url.step !== undefined}
        onClose={() => setUrl({ step: undefined })}
        title={open?.name ?? "Step"}
        size={640}
      >
        {open ? (
          <RunStepDetail
            step={open}
            retry={
              may && over && !open.path.includes("[")
                ? { act: () => void retry.run(open.name), busy: retry.busy, error: retry.error }
                : undefined
            }
          />
        ) : (
          "The run has not reached this step."
        )}
      </Panel>
    </Page>
  );
}

type Fact = [string, React.ReactNode];

const Run = ({ id }: { id: string }) => (
  <Link to="/executions/$id" params={{ id }}>
    another run
  </Link>
);

function Took({ run }: { run: Execution }) {
  const now = useNow();
  if (!run.started_at) return "not begun";
  const end = run.ended_at ? Date.parse(run.ended_at) : Math.max(now, Date.parse(run.started_at));
  return duration(end - Date.parse(run.started_at));
}

function Data({ run }: { run: Execution }) {
  return (
    <div className="two">
      <div>
        <Section title="Input">
          <JsonCode label="Input" value={pretty(run.input)} />
        </Section>
        <Section title="What started it">
          <JsonCode label="What started it" value={pretty(run.trigger)} minHeight={80} />
        </Section>
      </div>
      <div>
        <Section title="Output">
          <JsonCode label="Output" value={pretty(run.output)} />
        </Section>
      </div>
    </div>
  );
}

/** How a step went whose rounds went differently: what still goes on first, then what failed. */
const gravity: StepStatus[] = ["running", "waiting", "failed", "cancelled", "succeeded", "skipped"];

function Graph({ run, onOpen }: { run: Execution; onOpen: (path: string) => void }) {
  const [selected, setSelected] = useState<string>();
  const version = useQuery({
    queryKey: ["workflows", run.workflow_id, "versions", run.version],
    queryFn: () => workflows.version(run.workflow_id, run.version),
    staleTime: Infinity,
    retry: false,
  });
  if (version.error) return <Alert color="gray">The workflow is deleted, and its drawing with it.</Alert>;
  if (!version.data) return <Skeleton height={420} />;
  const states = new Map<string, StepStatus>();
  for (const { path, status } of run.steps ?? []) {
    const place = withoutRounds(path);
    const known = states.get(place);
    if (!known || gravity.indexOf(status) < gravity.indexOf(known)) states.set(place, status);
  }
  return (
    <Suspense fallback={<Skeleton height={420} />}>
      <Canvas
        definition={version.data.definition}
        starts={startedBy(run.trigger)}
        states={states}
        selected={selected}
        onSelect={(at) => {
          setSelected(at);
          const place = placeOf(at);
          const worst = (run.steps ?? [])
            .filter(({ path }) => withoutRounds(path) === place)
            .sort((a, b) => gravity.indexOf(a.status) - gravity.indexOf(b.status))[0];
          if (worst) onOpen(worst.path);
        }}
      />
    </Suspense>
  );
}
