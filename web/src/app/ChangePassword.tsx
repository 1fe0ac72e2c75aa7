import { Button, Modal, PasswordInput, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState, type FormEvent } from "react";
import { useAct } from "@/shared/act";
import { sessions } from "@/shared/api/session";
import { Problem } from "@/shared/ui/Problem";

export default function ChangePassword({ close }: { close: () => void }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useAct(sessions.changePassword, {
    done: () => {
      notifications.show({ message: "The password is changed." });
      close();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void change.run(current, next);
  };
  return (
    <Modal opened onClose={close} title="Change password" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit}>
        <Stack>
          <PasswordInput
            label="Current password"
            required
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            data-autofocus
          />
          <PasswordInput
            label="New password"
            description="At least 12 characters"
            required
            minLength={12}
            autoComplete="new-password"
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
          <Problem error={change.error} />
          <Button type="submit" loading={change.busy}>
            Change
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
