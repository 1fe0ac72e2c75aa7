import { Select } from "@mantine/core";
import { Fragment } from "react";
import { IconInbox } from "@tabler/icons-react";
import type { InboundEvent } from "@/shared/api/inbox";
import type { Integration } from "@/shared/api/integrations";
import { useListing, useUrlState } from "@/shared/listing";
import { bytes } from "@/shared/text";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Filter } from "@/shared/ui/Filter";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { InboundDetail, VerifiedBy } from "./InboundDetail";

export default function Inbox() {
  const [url, setUrl] = useUrlState();
  const { search, state, integration_id } = url;
  const list = useListing<InboundEvent>("/inbound-events", { search, state, integration_id });
  const sources = useListing<Integration>("/integrations", {}, { limit: 200 });
  const names = new Map(sources.rows.map(({ id, name }) => [id, name]));
  return (
    <Page title="Inbox" lead="Every push that was accepted. It was stored before the sender got its answer.">
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search type or id" />
        <Select
          size="sm"
          w={{ base: "calc(50% - 6px)", xs: 200 }}
          aria-label="Integration"
          placeholder="Integration"
          clearable
          searchable
          data={[...names].map(([value, label]) => ({ value, label }))}
          value={integration_id ?? null}
          onChange={(next) => setUrl({ integration_id: next ?? undefined })}
        />
        <Filter
          label="State"
          value={state}
          options={["pending", "applied", "failed", "ignored"]}
          onChange={(state) => setUrl({ state })}
        />
      </Toolbar>
      <ListTable
        label="Accepted events"
        list={list}
        onOpen={({ id }) => setUrl({ open: id })}
        empty={
          <Empty
            icon={IconInbox}
            title={search || state || integration_id ? "Nothing fits" : "Nothing has arrived yet"}
          >
            Give the address of an integration that takes pushes to its sender, and what it sends appears here
            at once.
          </Empty>
        }
        columns={[
          {
            key: "type",
            title: "Event",
            cell: (event) => (
              <button type="button" className="named link" onClick={() => setUrl({ open: event.id })}>
                <ProviderIcon provider={event.provider} />
                <Words of={event.event_type ?? "push"} />
              </button>
            ),
          },
          { key: "state", title: "State", cell: (event) => <StateBadge state={event.state} /> },
          {
            key: "from",
            title: "Integration",
            wide: true,
            cell: (event) => names.get(event.integration_id) ?? event.provider,
          },
          {
            key: "verified",
            title: "Verified by",
            wide: true,
            cell: (event) => <VerifiedBy scheme={event.verified_by} />,
          },
          {
            key: "id",
            title: "Event id",
            wide: true,
            cell: (event) => <span className="mono clip">{event.event_id}</span>,
          },
          { key: "bytes", title: "Size", wide: true, align: "right", cell: (event) => bytes(event.bytes) },
          { key: "at", title: "Received", cell: (event) => <Time at={event.received_at} /> },
        ]}
      />
      <Panel
        opened={url.open !== undefined}
        onClose={() => setUrl({ open: undefined })}
        title="Accepted event"
        size={640}
      >
        {url.open && <InboundDetail id={url.open} integration={(id) => names.get(id) ?? id} />}
      </Panel>
    </Page>
  );
}

/** Where there is little room, `order.placed` breaks after its dot and not inside a word. */
function Words({ of }: { of: string }) {
  return (
    <span>
      {of.split(/(?<=[._/:-])/).map((part, at) => (
        <Fragment key={at}>
          {part}
          <wbr />
        </Fragment>
      ))}
    </span>
  );
}
