import { Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import type { Execution, Workflow } from "@/shared/api/workflows";
import { useListing, useUrlState } from "@/shared/listing";
import { useOpen } from "@/shared/subject";
import { duration } from "@/shared/time";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { SinceFilter, useSince } from "@/shared/ui/SinceFilter";
import { ListTable, type Column } from "@/shared/ui/ListTable";
import { Named } from "@/shared/ui/Named";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Toolbar } from "@/shared/ui/Toolbar";
import { startedBy } from "./words";

const states = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"];

/** Runs, of one workflow or of all. */
export function RunTable({ workflow }: { workflow?: string }) {
  const [url, setUrl] = useUrlState();
  const { status, since } = url;
  const chosen = workflow ?? url.workflow;
  const from = useSince();
  const list = useListing<Execution>("/executions", { workflow_id: chosen, status, from });
  const all = useListing<Workflow>("/workflows", {}, { limit: 200, enabled: !workflow });
  const nameOf = (id: string) => all.rows.find((row) => row.id === id)?.name ?? "deleted";
  const filtered = status || since || (url.workflow && !workflow);
  const workflowColumn: Column<Execution> = {
    key: "workflow",
    title: "Workflow",
    cell: (row) => <Named id={row.workflow_id}>{nameOf(row.workflow_id)}</Named>,
  };
  return (
    <Stack gap="sm">
      <Toolbar>
        {!workflow && (
          <Filter
            label="Workflow"
            value={url.workflow}
            options={all.rows.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(workflow) => setUrl({ workflow })}
          />
        )}
        <Filter label="State" value={status} options={states} onChange={(status) => setUrl({ status })} />
        <SinceFilter />
      </Toolbar>
      <ListTable
        label="Runs"
        list={list}
        onOpen={useOpen()}
        empty={
          filtered ? (
            <NothingFits
              of="run"
              clear={() => {
                setUrl({ status: undefined, since: undefined, workflow: undefined });
              }}
            />
          ) : (
            <Empty icon={IconHistory} title="It has not run yet">
              Run it by hand, or wait for what starts it. Each run is kept with what every step was given and
              what it gave.
            </Empty>
          )
        }
        columns={[
          {
            key: "begun",
            title: "Asked for",
            cell: (row) => (
              <Named id={row.id}>
                <Time at={row.created_at} />
              </Named>
            ),
          },
          ...(workflow ? [] : [workflowColumn]),
          {
            key: "status",
            title: "State",
            cell: (row) => (
              <>
                <StateBadge state={row.status} />
                {row.error && (
                  <Text size="xs" className="dim clip" title={row.error.message}>
                    {row.error.message}
                  </Text>
                )}
              </>
            ),
          },
          { key: "by", title: "Started", wide: true, cell: (row) => startedBy(row.trigger) },
          {
            key: "took",
            title: "Took",
            wide: true,
            align: "right",
            cell: (row) =>
              row.started_at && row.ended_at
                ? duration(Date.parse(row.ended_at) - Date.parse(row.started_at))
                : "–",
          },
          { key: "version", title: "Version", wide: true, align: "right", cell: (row) => row.version },
        ]}
      />
    </Stack>
  );
}
