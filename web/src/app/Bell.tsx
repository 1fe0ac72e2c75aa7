import { ActionIcon, Indicator, Popover, ScrollArea, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBell } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { health, type Notification } from "@/shared/api/health";
import { useAct } from "@/shared/act";
import { useListing } from "@/shared/listing";
import { pathOf } from "@/shared/subject";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";
import classes from "./Bell.module.css";

/** What a person is told. Opening one marks it as read and goes to the thing. */
export function Bell() {
  const [opened, { toggle, close }] = useDisclosure();
  const list = useListing<Notification>("/notifications", {}, { limit: 20 });
  const read = useAct(health.markRead, { stale: ["notifications"] });
  const navigate = useNavigate();
  const unread = list.rows.filter(({ read_at }) => !read_at).length;
  const open = (note: Notification) => {
    if (!note.read_at) void read.run(note.id);
    const path = note.subject && pathOf(note.subject);
    if (path) void navigate({ to: path });
    close();
  };
  return (
    <Popover opened={opened} onChange={close} position="bottom-end" width={340} trapFocus>
      <Indicator disabled={unread === 0} label={unread} size={15} color="red.8" offset={5}>
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={toggle}
            aria-label={unread ? `Notifications, ${unread} unread` : "Notifications"}
          >
            <IconBell size={18} stroke={1.7} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label="Notifications">
        <ScrollArea.Autosize mah={420}>
          <Problem error={list.error} retry={list.retry} />
          {list.rows.length === 0 && !list.error && (
            <Text size="sm" p="md" className="dim">
              Nothing to tell. A feed that keeps failing is announced here.
            </Text>
          )}
          {list.rows.map((note) => (
            <UnstyledButton
              key={note.id}
              onClick={() => open(note)}
              className={classes.note}
              data-unread={!note.read_at}
            >
              <Stack gap={2}>
                <Text size="sm" fw={note.read_at ? 400 : 600}>
                  {note.title}
                </Text>
                {note.body && (
                  <Text size="xs" className="dim break">
                    {note.body}
                  </Text>
                )}
                <Text size="xs" className="dim" component="span">
                  <Time at={note.created_at} />
                </Text>
              </Stack>
            </UnstyledButton>
          ))}
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
