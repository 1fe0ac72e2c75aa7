import { ActionIcon, Button, Group, Stack, Switch, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlayerPlay, IconPlug, IconPlus, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useAct } from "@/shared/act";
import { integrations, type Integration } from "@/shared/api/integrations";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { duration } from "@/shared/time";
import { Confirm } from "@/shared/ui/Confirm";
import { addedColumn, nameColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { CredentialBadge, StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Search } from "@/shared/ui/Toolbar";

/** The integrations, to switch, test and delete in place. */
export default function IntegrationsTab() {
  const [{ search, sort }, setUrl] = useUrlState();
  const list = useListing<Integration>("/integrations", { search, sort });
  const may = useMay("admin");
  const add = may && (
    <Button component={Link} to="/integrations?add=1" leftSection={<IconPlus size={16} />}>
      Add integration
    </Button>
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search integrations" />
        {add}
      </Group>
      <ListTable
        label="Integrations"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        empty={
          <Empty
            icon={IconPlug}
            title={search ? "Nothing fits" : "No integrations yet"}
            action={!search && add}
          >
            An integration is an outside service and how to speak with it.
          </Empty>
        }
        columns={[
          nameColumn,
          {
            key: "status",
            title: "State",
            cell: (row) => <StateBadge state={row.status} title={row.last_error?.message} />,
          },
          {
            key: "credential",
            title: "Credential",
            wide: true,
            cell: (row) => <CredentialBadge state={row.credential?.state} />,
          },
          addedColumn,
          { key: "last", title: "Last sync", wide: true, cell: (row) => <Time at={row.last_sync_at} /> },
          { key: "do", title: "", align: "right", cell: (row) => may && <Controls row={row} /> },
        ]}
      />
    </Stack>
  );
}

function Controls({ row }: { row: Integration }) {
  const toggle = useAct(() => integrations.change(row.id, { enabled: !row.enabled }), {
    stale: ["integrations", "graph", "status"],
    sayError: true,
  });
  const test = useAct(() => integrations.test(row.id), {
    stale: ["integrations"],
    sayError: true,
    done: (result) =>
      notifications.show({
        title: `${row.name}: ${result.ok ? "it works" : "it does not work"}`,
        message: `${result.message} (${duration(result.duration_ms)})`,
        color: result.ok ? "green" : "red",
      }),
  });
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      {row.mode !== "push" && (
        <Tooltip label="Test">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Test ${row.name}`}
            onClick={() => void test.run()}
            loading={test.busy}
          >
            <IconPlayerPlay size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <Switch
        size="sm"
        checked={row.enabled}
        disabled={toggle.busy}
        aria-label={`${row.name} is on`}
        onChange={() => void toggle.run()}
      />
      <Confirm
        title={`Delete ${row.name}?`}
        verb="Delete the integration"
        act={() => integrations.remove(row.id)}
        stale={["integrations", "feeds", "graph", "status", "credentials"]}
        trigger={(open) => (
          <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${row.name}`} onClick={open}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      >
        Its {row.feeds_count} feeds, their documents and its credentials go with it. This cannot be undone.
      </Confirm>
    </Group>
  );
}
