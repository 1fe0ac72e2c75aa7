import { Button, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { workspaces } from "@/shared/api/session";
import { useMe } from "@/shared/me";
import { Problem } from "@/shared/ui/Problem";

export default function NewWorkspace({ close }: { close: () => void }) {
  const { reload, choose } = useMe();
  const [name, setName] = useState("");
  const create = useAct(workspaces.create, {
    done: ({ id }) => {
      close();
      void reload().then(() => choose(id));
    },
  });
  return (
    <Modal opened onClose={close} title="New workspace" closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create.run(name);
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="It has its own integrations, members and encryption key."
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Problem error={create.error} />
          <Button type="submit" loading={create.busy}>
            Create
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
