import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash, IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { members, type Member, type Role } from "@/shared/api/session";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay, useMe } from "@/shared/me";
import { Confirm } from "@/shared/ui/Confirm";
import { OneTime } from "@/shared/ui/CopyField";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";
import { Search } from "@/shared/ui/Toolbar";

const roles: { value: Role; label: string }[] = [
  { value: "owner", label: "Owner" },
  { value: "admin", label: "Admin: configures" },
  { value: "editor", label: "Editor: uses" },
  { value: "viewer", label: "Viewer: looks" },
];

/** Who is in the workspace, and what each may do. */
export default function MembersTab() {
  const [{ search, sort }, setUrl] = useUrlState();
  const [adding, setAdding] = useState(false);
  const list = useListing<Member>("/members", { search, sort });
  const { user } = useMe();
  const may = useMay("admin");
  const setRole = useAct(members.setRole, {
    stale: ["members"],
    say: "The role is changed.",
    sayError: true,
  });
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search members" />
        {may && (
          <Button leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)}>
            Add member
          </Button>
        )}
      </Group>
      <ListTable
        label="Members"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        empty={<Empty icon={IconUsers} title="Nobody fits" />}
        columns={[
          {
            key: "who",
            title: "Who",
            sort: "name",
            cell: (member) => (
              <div>
                <Text size="sm" fw={500} className="break">
                  {member.name || member.email}{" "}
                  {member.user_id === user.id && <span className="dim">(you)</span>}
                </Text>
                {member.name && (
                  <Text size="xs" className="dim break">
                    {member.email}
                  </Text>
                )}
              </div>
            ),
          },
          {
            key: "role",
            title: "Role",
            cell: (member) =>
              may ? (
                <Select
                  size="xs"
                  w={{ base: 110, sm: 170 }}
                  aria-label={`Role of ${member.email}`}
                  data={roles}
                  value={member.role}
                  allowDeselect={false}
                  disabled={setRole.busy}
                  onChange={(next) => next && void setRole.run(member.id, next as Role)}
                />
              ) : (
                member.role
              ),
          },
          {
            key: "since",
            title: "Since",
            sort: "created_at",
            wide: true,
            cell: (member) => <Time at={member.created_at} />,
          },
          {
            key: "remove",
            title: "",
            align: "right",
            cell: (member) =>
              may && (
                <Confirm
                  title={`Remove ${member.email}?`}
                  verb="Remove"
                  act={() => members.remove(member.id)}
                  stale={["members"]}
                  trigger={(open) => (
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Remove ${member.email}`}
                      onClick={open}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  )}
                >
                  They cannot open this workspace any more. What they made stays.
                </Confirm>
              ),
          },
        ]}
      />
      <Panel opened={adding} onClose={() => setAdding(false)} title="Add member">
        <NewMember done={() => setAdding(false)} />
      </Panel>
    </Stack>
  );
}

function NewMember({ done }: { done: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [made, setMade] = useState<Member | null>(null);
  const add = useAct(members.add, {
    stale: ["members"],
    done: (member) => (member.initial_password ? setMade(member) : done()),
  });
  if (made?.initial_password) {
    return (
      <Stack>
        <Text size="sm">Give {made.email} this first password. They change it after logging in.</Text>
        <OneTime value={made.initial_password} what="the password" />
        <Button onClick={done}>I have copied it</Button>
      </Stack>
    );
  }
  return (
    <Stack>
      <TextInput
        label="E-mail"
        type="email"
        withAsterisk
        value={email}
        error={add.errors.find(({ pointer }) => pointer === "/email")?.message}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select
        label="Role"
        data={roles}
        value={role}
        allowDeselect={false}
        onChange={(next) => next && setRole(next as Role)}
      />
      <Problem error={add.error} />
      <Button
        onClick={() => void add.run({ email, role, name: name || undefined })}
        loading={add.busy}
        disabled={!email.includes("@")}
      >
        Add member
      </Button>
    </Stack>
  );
}
