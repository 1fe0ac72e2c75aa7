import { Button } from "@mantine/core";
import { IconPlus, IconRss } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Feed } from "../api/feeds";
import type { Integration } from "../api/integrations";
import { useListing } from "../listing";
import { useMay } from "../me";
import { Empty } from "./Empty";
import { ListTable } from "./ListTable";
import { Section } from "./Page";
import { StateBadge } from "./State";
import { Time } from "./Time";

/** The feeds that come from one integration. */
export function IntegrationFeeds({
  integration,
  few = false,
}: {
  integration: Pick<Integration, "id" | "name">;
  few?: boolean;
}) {
  const list = useListing<Feed>("/feeds", { integration_id: integration.id }, { limit: few ? 5 : 50 });
  const navigate = useNavigate();
  const may = useMay("editor");
  const add = may && (
    <Button
      component={Link}
      to={`/feeds?add=1&integration=${integration.id}`}
      size="compact-sm"
      variant="default"
      leftSection={<IconPlus size={14} />}
    >
      Add feed
    </Button>
  );
  return (
    <Section title="Feeds" aside={add}>
      <ListTable
        label={`Feeds of ${integration.name}`}
        list={list}
        onOpen={(feed) => void navigate({ to: "/feeds/$id", params: { id: feed.id } })}
        empty={
          <Empty icon={IconRss} title="No feed yet" action={add}>
            A feed is the document that is made of what this service says.
          </Empty>
        }
        columns={[
          {
            key: "name",
            title: "Name",
            cell: (feed) => (
              <Link to="/feeds/$id" params={{ id: feed.id }} className="named">
                {feed.name}
              </Link>
            ),
          },
          {
            key: "status",
            title: "State",
            cell: (feed) => <StateBadge state={feed.status} title={feed.error_message ?? undefined} />,
          },
          { key: "version", title: "Version", align: "right", cell: (feed) => feed.version },
          { key: "fetched", title: "Fetched", cell: (feed) => <Time at={feed.fetched_at} /> },
        ]}
      />
    </Section>
  );
}
