import { Button, Text } from "@mantine/core";
import { IconPlug, IconPlus } from "@tabler/icons-react";
import { useAct } from "@/shared/act";
import { integrations, type Integration } from "@/shared/api/integrations";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { plural } from "@/shared/text";
import { addedColumn, nameColumn, onColumn } from "@/shared/ui/columns";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Page } from "@/shared/ui/Page";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Filter } from "@/shared/ui/Filter";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { AddIntegration } from "./AddIntegration";

const modes = { pull: "Pull", push: "Push", both: "Pull and push" };

export default function Integrations() {
  const [url, setUrl] = useUrlState();
  const { search, sort, status, mode } = url;
  const list = useListing<Integration>("/integrations", { search, sort, status, mode });
  const may = useMay("admin");
  const toggle = useAct((row: Integration) => integrations.change(row.id, { enabled: !row.enabled }), {
    stale: ["integrations", "graph", "status"],
    sayError: true,
  });
  const add = () => setUrl({ add: "1" });
  const filtered = search || status || mode;

  return (
    <Page
      title="Integrations"
      lead="The outside services that this workspace uses."
      actions={
        may && (
          <Button leftSection={<IconPlus size={16} />} onClick={add}>
            Add integration
          </Button>
        )
      }
    >
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search integrations" />
        <Filter
          label="State"
          value={status}
          options={["ok", "failing", "off", "new"]}
          onChange={(status) => setUrl({ status })}
        />
        <Filter
          label="Direction"
          value={mode}
          options={Object.entries(modes).map(([value, label]) => ({ value, label }))}
          onChange={(mode) => setUrl({ mode })}
        />
      </Toolbar>
      <ListTable
        label="Integrations"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={useOpen()}
        empty={
          filtered ? (
            <NothingFits
              of="integration"
              clear={() => setUrl({ search: undefined, status: undefined, mode: undefined })}
            />
          ) : (
            <Empty
              icon={IconPlug}
              title="No integrations yet"
              action={may && <Button onClick={add}>Add the first</Button>}
            >
              An integration is an outside service and how to speak with it: an RSS feed, a REST or GraphQL
              API, a sender of webhooks.
            </Empty>
          )
        }
        columns={[
          nameColumn,
          {
            key: "status",
            title: "State",
            cell: (row) => <StateBadge state={row.status} title={row.last_error?.message} />,
          },
          { key: "provider", title: "Provider", wide: true, cell: (row) => row.provider },
          { key: "mode", title: "Direction", wide: true, cell: (row) => modes[row.mode] },
          {
            key: "feeds",
            title: "Feeds",
            wide: true,
            align: "right",
            cell: (row) => <span title={plural(row.feeds_count, "feed")}>{row.feeds_count}</span>,
          },
          addedColumn,
          {
            key: "last",
            title: "Last sync",
            cell: (row) => <Time at={row.last_sync_at} />,
          },
          {
            key: "error",
            title: "Last error",
            wide: true,
            cell: (row) =>
              row.last_error && (
                <Text size="sm" className="clip" title={row.last_error.message}>
                  {row.last_error.message}
                </Text>
              ),
          },
          onColumn(may, toggle, true),
        ]}
      />
      <AddIntegration
        opened={url.add !== undefined}
        provider={url.provider}
        widget={url.widget}
        onProvider={(provider) => setUrl({ provider })}
        onClose={() => setUrl({ add: undefined, provider: undefined, widget: undefined })}
      />
    </Page>
  );
}
