import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useAct } from "../act";
import { tasks, type Task } from "../api/connections";
import { pathOf } from "../subject";
import { Reconnect } from "./Reconnect";

/** What a task asks for, as the way to what it is about. */
export function TaskName({ task, onClick }: { task: Task; onClick?: () => void }) {
  const path = pathOf(task.about);
  if (!path) return task.title;
  return (
    <Link to={path as "/"} className="named" onClick={onClick}>
      {task.title}
    </Link>
  );
}

/** How a task is done: by its own way out, or by saying that it was settled elsewhere. */
export function TaskActions({ task }: { task: Task }) {
  const settle = useAct(tasks.close, { stale: ["tasks"], say: "The task is closed.", sayError: true });
  return (
    <Group gap="xs" wrap="nowrap">
      {task.about.startsWith("conn_") && <Reconnect id={task.about} />}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void settle.run(task.id)}
        loading={settle.busy}
      >
        Close
      </Button>
    </Group>
  );
}
