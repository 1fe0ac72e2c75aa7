import { Stack, Text, UnstyledButton } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { health, type Notification } from "@/shared/api/health";
import { useAct } from "@/shared/act";
import { useListing } from "@/shared/listing";
import { pathOf } from "@/shared/subject";
import { Time } from "@/shared/ui/Time";
import { Tray } from "./Tray";
import classes from "./Tray.module.css";

/** What a person is told. Opening one marks it as read and goes to the thing. */
export function Bell() {
  const list = useListing<Notification>("/notifications", {}, { limit: 20 });
  const read = useAct(health.markRead, { stale: ["notifications"] });
  const navigate = useNavigate();
  const open = (note: Notification) => {
    if (!note.read_at) void read.run(note.id);
    const path = note.subject && pathOf(note.subject);
    if (path) void navigate({ to: path });
  };
  return (
    <Tray
      label="Notifications"
      icon={IconBell}
      list={list}
      waiting={list.rows.filter(({ read_at }) => !read_at).length}
      word="unread"
      empty="Nothing to tell. A feed that keeps failing and an account that has to be connected again are announced here."
    >
      {(note, close) => (
        <UnstyledButton
          key={note.id}
          onClick={() => (open(note), close())}
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
      )}
    </Tray>
  );
}
