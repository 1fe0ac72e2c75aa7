import { Button, Group, Text } from "@mantine/core";
import { IconHistory, IconPlus, IconRoute } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useAct } from "@/shared/act";
import { workflows, type Workflow } from "@/shared/api/workflows";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { plural } from "@/shared/text";
import { onColumn } from "@/shared/ui/columns";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { ListTable } from "@/shared/ui/ListTable";
import { Named } from "@/shared/ui/Named";
import { Outcomes } from "@/shared/ui/Outcomes";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { NewWorkflow } from "./NewWorkflow";
import { outcomeOf } from "./outcome";
import { useNames } from "./useNames";
import { triggersInWords } from "./words";

export default function Workflows() {
  const [url, setUrl] = useUrlState();
  const { search, enabled } = url;
  const list = useListing<Workflow>("/workflows", { search, enabled });
  const may = useMay("editor");
  const nameOf = useNames();
  const toggle = useAct((row: Workflow) => workflows.change(row.id, { enabled: !row.enabled }), {
    stale: ["workflows"],
    sayError: true,
  });
  const add = () => setUrl({ add: "1" });
  return (
    <Page
      title="Workflows"
      lead="What is done when something happens: step by step, each kept before the next begins."
      actions={
        <>
          <Button component={Link} to="/executions" variant="default" leftSection={<IconHistory size={16} />}>
            Runs
          </Button>
          {may && (
            <Button leftSection={<IconPlus size={16} />} onClick={add}>
              New workflow
            </Button>
          )}
        </>
      }
    >
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search workflows" />
        <Filter
          label="On or off"
          value={enabled}
          options={[
            { value: "true", label: "On" },
            { value: "false", label: "Off" },
          ]}
          onChange={(enabled) => setUrl({ enabled })}
        />
      </Toolbar>
      <ListTable
        label="Workflows"
        list={list}
        onOpen={useOpen()}
        empty={
          search || enabled ? (
            <NothingFits of="workflow" clear={() => setUrl({ search: undefined, enabled: undefined })} />
          ) : (
            <Empty
              icon={IconRoute}
              title="No workflows yet"
              action={may && <Button onClick={add}>Begin with a template</Button>}
            >
              Tell a channel when a feed changes, send a report each night, ask a person before something goes
              out: a workflow does it, and goes on after a crash.
            </Empty>
          )
        }
        columns={[
          {
            key: "name",
            title: "Name",
            cell: (row) => (
              <>
                <Named id={row.id}>{row.name}</Named>
                {row.description && (
                  <Text size="xs" className="dim clip" title={row.description}>
                    {row.description}
                  </Text>
                )}
              </>
            ),
          },
          {
            key: "starts",
            title: "Starts",
            wide: true,
            cell: (row) => (
              <span className="clip" title={triggersInWords(row.triggers, nameOf)}>
                {triggersInWords(row.triggers, nameOf)}
              </span>
            ),
          },
          { key: "last", title: "Last run", cell: (row) => <LastRun workflow={row.id} /> },
          { key: "rate", title: "Lately", wide: true, cell: (row) => <Lately workflow={row.id} /> },
          {
            key: "steps",
            title: "Steps",
            wide: true,
            align: "right",
            cell: (row) => <span title={plural(row.steps.length, "step")}>{row.steps.length}</span>,
          },
          onColumn(may, toggle, true),
        ]}
      />
      <Panel
        opened={url.add !== undefined}
        onClose={() => setUrl({ add: undefined, template: undefined })}
        title="New workflow"
        size={640}
      >
        <NewWorkflow />
      </Panel>
    </Page>
  );
}

/** The last twenty runs of a workflow, asked for once for all that is shown of them. */
const useLately = (workflow: string) =>
  useQuery({
    queryKey: ["executions", "latest", workflow],
    queryFn: () => workflows.latest(workflow, 20),
    staleTime: 30_000,
  });

function LastRun({ workflow }: { workflow: string }) {
  const run = useLately(workflow).data?.data[0];
  if (!run) return <span className="dim">never</span>;
  return (
    <Group gap="2px 8px">
      <StateBadge state={run.status} title={run.error?.message} />
      <Time at={run.created_at} />
    </Group>
  );
}

function Lately({ workflow }: { workflow: string }) {
  const { data } = useLately(workflow);
  if (!data) return <span className="dim">–</span>;
  return <Outcomes of={data.data.map(outcomeOf)} what="runs" />;
}
