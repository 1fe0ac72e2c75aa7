import { Group, SegmentedControl, Text } from "@mantine/core";
import { IconClipboardCheck } from "@tabler/icons-react";
import type { Task } from "@/shared/api/connections";
import type { Member } from "@/shared/api/session";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay, useMe } from "@/shared/me";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Page } from "@/shared/ui/Page";
import { StateBadge } from "@/shared/ui/State";
import { SubjectLink } from "@/shared/ui/SubjectLink";
import { TaskActions, TaskName } from "@/shared/ui/Task";
import { Time, useNow } from "@/shared/ui/Time";
import { Toolbar } from "@/shared/ui/Toolbar";
import { byWhom, type Names } from "./byWhom";

const shown = [
  { value: "open", label: "Open" },
  { value: "done", label: "Closed" },
  { value: "all", label: "All" },
];

/** What only a person can do, and what became of it. */
export default function TasksPage() {
  const [url, setUrl] = useUrlState();
  const status = shown.find(({ value }) => value === url.status)?.value ?? "open";
  const list = useListing<Task>("/tasks", { status: status === "all" ? undefined : status });
  const names = useNames(list.rows.some(({ closed_by }) => closed_by));
  return (
    <Page
      title="Tasks"
      lead="What only a person can do. A task closes by itself when what it asks for is done."
    >
      <Toolbar>
        <SegmentedControl
          aria-label="Which tasks"
          value={status}
          data={shown}
          onChange={(status) => setUrl({ status: status === "open" ? undefined : status })}
        />
      </Toolbar>
      <ListTable
        label="Tasks"
        list={list}
        empty={
          <Empty
            icon={IconClipboardCheck}
            title={status === "done" ? "Nothing was closed yet" : "Nothing to do"}
          >
            When a platform ends an access or a webhook is given up, it is shown here. Questions of workflows
            wait at their run. What was done stays on record.
          </Empty>
        }
        columns={[
          {
            key: "task",
            title: "Task",
            cell: (task) => (
              <>
                <TaskName task={task} />
                <Text size="xs" className="dim break" maw={680}>
                  {task.description}
                </Text>
                <Group className="narrow" gap={6} mt={6}>
                  <Acts task={task} />
                </Group>
              </>
            ),
          },
          {
            key: "subject",
            title: "For",
            wide: true,
            cell: ({ subject }) => <SubjectLink subject={subject} />,
          },
          {
            key: "status",
            title: "State",
            cell: (task) =>
              task.status === "done" ? <StateBadge state="closed" /> : <Due at={task.due_at} />,
          },
          { key: "created", title: "Since", wide: true, cell: (task) => <Time at={task.created_at} /> },
          ...(status === "open"
            ? []
            : [
                {
                  key: "closed",
                  title: "Closed",
                  cell: (task: Task) =>
                    task.closed_at && (
                      <>
                        <Time at={task.closed_at} />
                        <Text size="xs" className="dim break">
                          {byWhom(task.closed_by, names)}
                        </Text>
                      </>
                    ),
                },
              ]),
          ...(status === "done"
            ? []
            : [
                {
                  key: "do",
                  title: "",
                  wide: true,
                  cell: (task: Task) => <Acts task={task} />,
                },
              ]),
        ]}
      />
    </Page>
  );
}

function Acts({ task }: { task: Task }) {
  const may = useMay("editor");
  return may && task.status === "open" && <TaskActions task={task} />;
}

/** What those are called who may have closed something. */
function useNames(needed: boolean): Names {
  const { user } = useMe();
  const members = useListing<Member>("/members", {}, { limit: 200, enabled: needed });
  return new Map([
    ...members.rows.map(({ user_id, name, email }): [string, string] => [user_id, name || email]),
    [user.id, "you"],
  ]);
}

function Due({ at }: { at: string }) {
  const late = Date.parse(at) <= useNow();
  return (
    <StateBadge state={late ? "failing" : "pending"}>
      {late ? "overdue since " : "due "}
      <Time at={at} />
    </StateBadge>
  );
}
