import { Button, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { workspaces } from "@/shared/api/session";
import { useMay, useMe } from "@/shared/me";
import { CopyField } from "@/shared/ui/CopyField";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";

export default function WorkspaceTab() {
  return (
    <Stack gap="lg" maw={560}>
      <Rename />
      <Create />
    </Stack>
  );
}

function Rename() {
  const { workspace, reload } = useMe();
  const [name, setName] = useState(workspace.name);
  const may = useMay("admin");
  const rename = useAct(workspaces.rename, { say: "Renamed.", done: reload });
  return (
    <Section title="This workspace">
      <Stack className="box">
        <TextInput
          label="Name"
          value={name}
          disabled={!may}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div>
          <h3 className="silk">Id</h3>
          <CopyField value={workspace.id} label="Copy the id" />
        </div>
        <Problem error={rename.error} />
        <Button
          w="fit-content"
          onClick={() => void rename.run(workspace.id, name)}
          loading={rename.busy}
          disabled={!may || !name.trim() || name === workspace.name}
        >
          Rename
        </Button>
      </Stack>
    </Section>
  );
}

function Create() {
  const { choose, reload } = useMe();
  const [name, setName] = useState("");
  const create = useAct(workspaces.create, {
    done: ({ id }) => void reload().then(() => choose(id)),
  });
  return (
    <Section title="Another workspace">
      <Stack className="box">
        <TextInput
          label="Name"
          description="It has its own integrations, members and encryption key."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Problem error={create.error} />
        <Button
          w="fit-content"
          variant="default"
          onClick={() => void create.run(name)}
          loading={create.busy}
          disabled={!name.trim()}
        >
          Create workspace
        </Button>
      </Stack>
    </Section>
  );
}
