import { Button } from "@mantine/core";
import { IconPlus, IconRss } from "@tabler/icons-react";
import type { Feed } from "@/shared/api/feeds";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { age } from "@/shared/time";
import { bytes } from "@/shared/text";
import { addedColumn } from "@/shared/ui/columns";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Named } from "@/shared/ui/Named";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Filter } from "@/shared/ui/Filter";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { NewFeed } from "./NewFeed";

export default function Feeds() {
  const [url, setUrl] = useUrlState();
  const { search, sort, status } = url;
  const list = useListing<Feed>("/feeds", { search, sort, status });
  const may = useMay("editor");
  const add = () => setUrl({ add: "1" });
  const close = () => setUrl({ add: undefined, integration: undefined });
  return (
    <Page
      title="Feeds"
      lead="The documents that are kept fresh, and what widgets and programs read."
      actions={
        may && (
          <Button leftSection={<IconPlus size={16} />} onClick={add}>
            Add feed
          </Button>
        )
      }
    >
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search feeds" />
        <Filter
          label="State"
          value={status}
          options={["ok", "stale", "failing", "pending", "off"]}
          onChange={(status) => setUrl({ status })}
        />
      </Toolbar>
      <ListTable
        label="Feeds"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={useOpen()}
        empty={
          search || status ? (
            <NothingFits of="feed" clear={() => setUrl({ search: undefined, status: undefined })} />
          ) : (
            <Empty
              icon={IconRss}
              title="No feeds yet"
              action={may && <Button onClick={add}>Add a feed</Button>}
            >
              A feed is a JSON document with a version. It is pulled from an integration on a schedule, pushed
              by its sender, or both.
            </Empty>
          )
        }
        columns={[
          {
            key: "name",
            title: "Name",
            sort: "name",
            cell: (feed) => (
              <Named id={feed.id} provider={feed.provider ?? "feed"}>
                {feed.name}
              </Named>
            ),
          },
          {
            key: "status",
            title: "State",
            cell: (feed) => <StateBadge state={feed.status} title={feed.error_message ?? undefined} />,
          },
          {
            key: "age",
            title: "Age",
            align: "right",
            cell: (feed) => (feed.age_ms == null ? <span className="dim">–</span> : age(feed.age_ms)),
          },
          {
            key: "version",
            title: "Version",
            align: "right",
            wide: true,
            cell: (feed) => feed.version,
          },
          { key: "mode", title: "Direction", wide: true, cell: (feed) => feed.mode },
          {
            key: "fetched",
            title: "Fetched",
            wide: true,
            cell: (feed) => <Time at={feed.fetched_at} />,
          },
          { key: "next", title: "Next", wide: true, cell: (feed) => <Time at={feed.refresh_at} never="–" /> },
          addedColumn,
          {
            key: "bytes",
            title: "Size",
            wide: true,
            align: "right",
            cell: (feed) => (feed.bytes == null ? "" : bytes(feed.bytes)),
          },
          {
            key: "readers",
            title: "Readers",
            wide: true,
            align: "right",
            cell: (feed) => feed.readers.length,
          },
        ]}
      />
      <Panel opened={url.add !== undefined} onClose={close} title="Add feed" size={620}>
        <NewFeed integration={url.integration} />
      </Panel>
    </Page>
  );
}
