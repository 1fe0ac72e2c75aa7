import { Button } from "@mantine/core";
import { IconPlus, IconRss } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Feed } from "../api/feeds";
import type { Integration } from "../api/integrations";
import { useListing } from "../listing";
import { useMay } from "../me";
import { useOpen } from "../subject";
import { Empty } from "./Empty";
import { ListTable } from "./ListTable";
import { Named } from "./Named";
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
    <Section title="Feeds" aside={list.rows.length > 0 && add}>
      <ListTable
        label={`Feeds of ${integration.name}`}
        list={list}
        onOpen={useOpen()}
        empty={
          <Empty icon={IconRss} title="No feed yet" action={add} small={few}>
            A feed is the document that is made of what this service says.
          </Empty>
        }
        columns={[
          {
            key: "name",
            title: "Name",
            cell: (feed) => <Named id={feed.id}>{feed.name}</Named>,
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
