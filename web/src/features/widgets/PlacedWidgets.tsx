import { IconLayoutBoard } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import type { WidgetConfig } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Search, Toolbar } from "@/shared/ui/Toolbar";

/** Every place of every widget. */
export function PlacedWidgets() {
  const [{ search, sort }, setUrl] = useUrlState();
  const list = useListing<WidgetConfig>("/widget-configs", { search, sort });
  const navigate = useNavigate();
  return (
    <>
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search places" />
      </Toolbar>
      <div style={{ height: 12 }} />
      <ListTable
        label="Placed widgets"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={({ id }) => void navigate({ to: "/widgets/$id", params: { id } })}
        empty={
          <Empty icon={IconLayoutBoard} title={search ? "Nothing fits" : "No widget is placed yet"}>
            Open a widget and press “Place it”.
          </Empty>
        }
        columns={[
          {
            key: "name",
            sort: "name",
            title: "Place",
            cell: ({ id, name }) => (
              <Link to="/widgets/$id" params={{ id }} className="named">
                {name}
              </Link>
            ),
          },
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
          {
            key: "created",
            title: "Added",
            sort: "created_at",
            wide: true,
            cell: ({ created_at }) => <Time at={created_at} />,
          },
        ]}
      />
    </>
  );
}
