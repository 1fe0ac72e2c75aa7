import { ActionIcon, Button, Group, Indicator, Popover, ScrollArea, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconClipboardCheck, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useAct } from "@/shared/act";
import { tasks, type Task } from "@/shared/api/connections";
import { useReconnect } from "@/shared/connecting";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { pathOf } from "@/shared/subject";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";
import classes from "./Bell.module.css";

/** What only a person can do. A task closes by itself when it is done. */
export function Tasks() {
  const [opened, { toggle, close }] = useDisclosure();
  const list = useListing<Task>("/tasks", { status: "open" }, { limit: 50 });
  const amount = list.rows.length;
  const shown = list.more ? `${amount}+` : amount;
  return (
    <Popover opened={opened} onChange={close} position="bottom-end" width={360} trapFocus>
      <Indicator disabled={amount === 0} label={shown} size={15} color="red.8" offset={5}>
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={toggle}
            aria-label={amount ? `Tasks, ${shown} open` : "Tasks"}
          >
            <IconClipboardCheck size={18} stroke={1.7} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label="Tasks">
        <ScrollArea.Autosize mah={460}>
          <Problem error={list.error} retry={list.retry} />
          {amount === 0 && !list.error && (
            <Text size="sm" p="md" className="dim">
              Nothing to do. When a platform ends an access, the way to renew it is shown here.
            </Text>
          )}
          {list.rows.map((task) => (
            <ToDo key={task.id} task={task} close={close} />
          ))}
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

function ToDo({ task, close }: { task: Task; close: () => void }) {
  const may = useMay("editor");
  const reconnect = useReconnect();
  const settle = useAct(tasks.close, { stale: ["tasks"], sayError: true });
  const path = pathOf(task.about);
  return (
    <Stack gap={4} className={classes.note} role="group" aria-label={task.title}>
      <Text size="sm" fw={600}>
        {path ? (
          <Link to={path as "/"} className="named" onClick={close}>
            {task.title}
          </Link>
        ) : (
          task.title
        )}
      </Text>
      <Text size="xs" className="dim break">
        {task.description}
      </Text>
      <Text size="xs" className="dim" component="span">
        {task.subject && <>For {task.subject} · </>}due <Time at={task.due_at} />
      </Text>
      {may && (
        <Group gap="xs" mt={4}>
          {task.about.startsWith("conn_") && (
            <Button
              size="compact-sm"
              leftSection={<IconRefresh size={14} />}
              onClick={() => void reconnect.run(task.about)}
              loading={reconnect.busy}
            >
              Reconnect
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => void settle.run(task.id)}
            loading={settle.busy}
          >
            Close
          </Button>
        </Group>
      )}
    </Stack>
  );
}
