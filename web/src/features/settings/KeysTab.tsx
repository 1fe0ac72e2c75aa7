import { ActionIcon, Button, Group, Stack, Switch, Text } from "@mantine/core";
import { IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { useAct } from "@/shared/act";
import { keys, type ApiKey } from "@/shared/api/keys";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { count } from "@/shared/text";
import { expiry } from "@/shared/time";
import { Confirm } from "@/shared/ui/Confirm";
import { addedColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Panel } from "@/shared/ui/Panel";
import { StateBadge } from "@/shared/ui/State";
import { Time, useNow } from "@/shared/ui/Time";
import { Search } from "@/shared/ui/Toolbar";
import { KeyUsagePanel } from "./KeyUsagePanel";
import { NewKey } from "./NewKey";

/** The keys that programs use. */
export default function KeysTab() {
  const [url, setUrl] = useUrlState();
  const { search, sort } = url;
  const list = useListing<ApiKey>("/api-keys", { search, sort });
  const may = useMay("admin");
  const toggle = useAct((key: ApiKey) => keys.change(key.id, { enabled: !key.enabled }), {
    stale: ["api-keys"],
    sayError: true,
  });
  const add = may && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setUrl({ add: "1" })}>
      Create key
    </Button>
  );
  const closeNew = () => setUrl({ add: undefined });
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search keys" />
        {add}
      </Group>
      <ListTable
        label="API keys"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={({ id }) => setUrl({ open: id })}
        empty={
          <Empty icon={IconKey} title={search ? "Nothing fits" : "No keys yet"} action={!search && add}>
            A key lets a program read feeds or change this workspace, within the scopes that you choose.
          </Empty>
        }
        columns={[
          {
            key: "name",
            title: "Name",
            sort: "name",
            cell: (key) => (
              <button type="button" className="named link" onClick={() => setUrl({ open: key.id })}>
                {key.name}
              </button>
            ),
          },
          { key: "key", title: "Key", cell: (key) => <span className="mono nowrap">{key.key_preview}</span> },
          {
            key: "scopes",
            title: "Scopes",
            wide: true,
            cell: (key) => (
              <span className="clip" title={key.scopes.join(", ")}>
                {key.scopes.includes("admin:full") ? "everything" : key.scopes.join(", ")}
              </span>
            ),
          },
          {
            key: "expires",
            title: "Expires",
            wide: true,
            cell: (key) => <Expires at={key.expires_at} />,
          },
          addedColumn,
          {
            key: "used",
            title: "Last used",
            wide: true,
            cell: (key) => <Time at={key.last_used_at} />,
          },
          { key: "count", title: "Uses", wide: true, align: "right", cell: (key) => count(key.usage_count) },
          {
            key: "enabled",
            title: "On",
            cell: (key) => (
              <Switch
                size="sm"
                checked={key.enabled}
                disabled={!may || toggle.busy}
                aria-label={`${key.name} is on`}
                onChange={() => void toggle.run(key)}
              />
            ),
          },
          {
            key: "delete",
            title: "",
            align: "right",
            cell: (key) =>
              may && (
                <Confirm
                  title={`Delete ${key.name}?`}
                  verb="Delete the key"
                  act={() => keys.remove(key.id)}
                  stale={["api-keys"]}
                  trigger={(open) => (
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Delete ${key.name}`}
                      onClick={open}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  )}
                >
                  Programs that use it are refused at once. To pause it instead, switch it off.
                </Confirm>
              ),
          },
        ]}
      />
      <Panel opened={url.add !== undefined} onClose={closeNew} title="Create API key" size={600}>
        <NewKey done={closeNew} />
      </Panel>
      <Panel
        opened={url.open !== undefined}
        onClose={() => setUrl({ open: undefined })}
        title="Use of the key"
        size={620}
      >
        {url.open && <KeyUsagePanel id={url.open} apiKey={list.rows.find(({ id }) => id === url.open)} />}
      </Panel>
    </Stack>
  );
}

/** When a key ends: marked in its last week, and when it is over. */
function Expires({ at }: { at: string | null }) {
  const left = expiry(at, useNow());
  if (left === "expired") {
    return (
      <StateBadge state="expired">
        expired <Time at={at} />
      </StateBadge>
    );
  }
  if (left === "soon") {
    return (
      <StateBadge state="stale">
        <Time at={at} />
      </StateBadge>
    );
  }
  return (
    <Text size="sm" component="span">
      <Time at={at} />
    </Text>
  );
}
