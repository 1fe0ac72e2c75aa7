import { Stack } from "@mantine/core";
import { IconLayoutBoard } from "@tabler/icons-react";
import type { WidgetConfig } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { useOpen } from "@/shared/subject";
import { addedColumn, nameColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { StateIcon } from "@/shared/ui/State";
import { Search, Toolbar } from "@/shared/ui/Toolbar";

/** Every place of every widget. */
export function PlacedWidgets() {
  const [{ search, sort }, setUrl] = useUrlState();
  const list = useListing<WidgetConfig>("/widget-configs", { search, sort });
  return (
    <Stack gap="sm">
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search places" />
      </Toolbar>
      <ListTable
        label="Placed widgets"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={useOpen()}
        empty={
          <Empty icon={IconLayoutBoard} title={search ? "Nothing fits" : "No widget is placed yet"}>
            Open a widget and press “Place it”.
          </Empty>
        }
        columns={[
          { ...nameColumn, title: "Place" },
          {
            key: "widget",
            title: "Widget",
            cell: ({ widget_slug }) => <span className="mono">{widget_slug}</span>,
          },
          {
            key: "feeds",
            title: "Feeds",
            cell: ({ feeds }) =>
              feeds.map((feed) => <StateIcon key={feed.integration_id} state={feed.status} />),
          },
          addedColumn,
        ]}
      />
    </Stack>
  );
}
