import { Stack, Text } from "@mantine/core";
import { IconClipboardCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Task } from "@/shared/api/connections";
import { useMay } from "@/shared/me";
import { useOpenTasks } from "@/shared/tasks";
import { TaskActions, TaskName } from "@/shared/ui/Task";
import { Time } from "@/shared/ui/Time";
import { Tray } from "./Tray";
import classes from "./Tray.module.css";

/** What only a person can do. A task closes by itself when it is done. */
export function Tasks() {
  const list = useOpenTasks();
  const may = useMay("editor");
  return (
    <Tray
      label="Tasks"
      icon={IconClipboardCheck}
      list={list}
      waiting={list.more ? `${list.rows.length}+` : list.rows.length}
      word="open"
      empty="Nothing to do. When a platform ends an access, the way to renew it is shown here."
      foot={(close) => (
        <Link to="/tasks" className={classes.foot} onClick={close}>
          All tasks, also the closed ones
        </Link>
      )}
    >
      {(task, close) => <ToDo key={task.id} task={task} may={may} close={close} />}
    </Tray>
  );
}

function ToDo({ task, may, close }: { task: Task; may: boolean; close: () => void }) {
  return (
    <Stack gap={4} className={classes.note} role="group" aria-label={task.title}>
      <Text size="sm" fw={600} component="div">
        <TaskName task={task} onClick={close} />
      </Text>
      <Text size="xs" className="dim break">
        {task.description}
      </Text>
      <Text size="xs" className="dim" component="span">
        {task.subject && <>For {task.subject} · </>}due <Time at={task.due_at} />
      </Text>
      {may && <TaskActions task={task} />}
    </Stack>
  );
}
