import { Button, Stack } from "@mantine/core";
import { IconApps, IconPlus } from "@tabler/icons-react";
import type { Widget } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { addedColumn, nameColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { NewPlayer, Players } from "./Players";
import { NewWidget } from "./NewWidget";
import { PlacedWidgets } from "./PlacedWidgets";

export default function Widgets() {
  const [url, setUrl] = useUrlState();
  const may = useMay("editor");
  const players = url.tab === "players";
  const add = () => setUrl({ add: "1" });
  const close = () => setUrl({ add: undefined });
  return (
    <Page
      title="Widgets"
      lead="What shows a feed, where it is placed, and the players that may read it."
      actions={
        may && (
          <Button leftSection={<IconPlus size={16} />} onClick={add}>
            {players ? "Add player" : "Add widget"}
          </Button>
        )
      }
    >
      <UrlTabs
        clear={{ search: undefined, sort: undefined }}
        tabs={[
          { value: "widgets", label: "Widgets", panel: <WidgetList add={may ? add : undefined} /> },
          { value: "placed", label: "Placed", panel: <PlacedWidgets /> },
          { value: "players", label: "Players", panel: <Players add={may ? add : undefined} /> },
        ]}
      />
      <Panel opened={url.add !== undefined} onClose={close} title={players ? "Add player" : "Add widget"}>
        {players ? <NewPlayer done={close} /> : <NewWidget />}
      </Panel>
    </Page>
  );
}

function WidgetList({ add }: { add?: () => void }) {
  const [{ search, sort }, setUrl] = useUrlState();
  const list = useListing<Widget>("/widgets", { search, sort });
  return (
    <Stack gap="sm">
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search widgets" />
      </Toolbar>
      <ListTable
        label="Widgets"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={useOpen()}
        empty={
          <Empty
            icon={IconApps}
            title={search ? "Nothing fits" : "No widgets yet"}
            action={add && !search && <Button onClick={add}>Add a widget</Button>}
          >
            A widget is a kind of display, such as a weather board. It is fed by integrations and can be
            placed many times with options of its own.
          </Empty>
        }
        columns={[
          nameColumn,
          {
            key: "slug",
            title: "Slug",
            cell: ({ slug }) => <span className="mono">{slug}</span>,
          },
          {
            key: "description",
            title: "Description",
            wide: true,
            cell: ({ description }) => <span className="clip dim">{description}</span>,
          },
          addedColumn,
        ]}
      />
    </Stack>
  );
}
