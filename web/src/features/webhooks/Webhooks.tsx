import { Button, Text } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { webhooks, type Webhook } from "@/shared/api/webhooks";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { nameColumn } from "@/shared/ui/columns";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { ListTable } from "@/shared/ui/ListTable";
import { Outcomes } from "@/shared/ui/Outcomes";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Time } from "@/shared/ui/Time";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { NewWebhook } from "./NewWebhook";
import { outcomeOf } from "./outcome";
import { WebhookState } from "./WebhookState";

export default function Webhooks() {
  const [url, setUrl] = useUrlState();
  const { search, status, sort } = url;
  const list = useListing<Webhook>("/webhooks", { search, status, sort });
  const may = useMay("admin");
  const add = () => setUrl({ add: "1" });
  return (
    <Page
      title="Webhooks"
      lead="Other systems that are told what happens here: signed, and tried again for eight days."
      actions={
        may && (
          <Button leftSection={<IconPlus size={16} />} onClick={add}>
            Add webhook
          </Button>
        )
      }
    >
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search name or address" />
        <Filter
          label="State"
          value={status}
          options={["active", "paused", "disabled"]}
          onChange={(status) => setUrl({ status })}
        />
      </Toolbar>
      <ListTable
        label="Webhooks"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={useOpen()}
        empty={
          search || status ? (
            <NothingFits of="webhook" clear={() => setUrl({ search: undefined, status: undefined })} />
          ) : (
            <Empty
              icon={IconWebhook}
              title="Nobody is told yet"
              action={may && <Button onClick={add}>Add the first webhook</Button>}
            >
              Name an address and the events it wants: a feed that has a new version, a run that ended, an
              account that has to be connected again.
            </Empty>
          )
        }
        columns={[
          nameColumn,
          { key: "status", title: "State", cell: (row) => <WebhookState webhook={row} /> },
          {
            key: "url",
            title: "Address",
            wide: true,
            cell: (row) => (
              <span className="mono clip" title={row.url}>
                {row.url}
              </span>
            ),
          },
          {
            key: "events",
            title: "Events",
            wide: true,
            cell: (row) => (
              <Text size="sm" className="mono clip" title={row.events.join(", ")}>
                {row.events.join(", ")}
              </Text>
            ),
          },
          { key: "rate", title: "Lately", wide: true, cell: (row) => <Lately webhook={row.id} /> },
          {
            key: "last",
            title: "Last delivered",
            cell: (row) => <Time at={row.succeeded_at} />,
          },
        ]}
      />
      <Panel
        opened={url.add !== undefined}
        onClose={() => setUrl({ add: undefined })}
        title="Add webhook"
        size={640}
      >
        <NewWebhook />
      </Panel>
    </Page>
  );
}

/** How the last twenty deliveries went. */
function Lately({ webhook }: { webhook: string }) {
  const latest = useQuery({
    queryKey: ["deliveries", "latest", webhook],
    queryFn: () => webhooks.latest(webhook, 20),
    staleTime: 30_000,
  });
  if (!latest.data) return <span className="dim">–</span>;
  return <Outcomes of={latest.data.data.map(outcomeOf)} what="deliveries" />;
}
