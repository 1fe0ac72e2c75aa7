import { Alert, Anchor, Button, Skeleton, Stack, Tabs } from "@mantine/core";
import { IconClockExclamation, IconPencil, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { feeds, type Feed, type FeedDraft } from "@/shared/api/feeds";
import { integrations, type Json } from "@/shared/api/integrations";
import { useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { bytes, count } from "@/shared/text";
import { duration } from "@/shared/time";
import { Confirm } from "@/shared/ui/Confirm";
import { CopyField } from "@/shared/ui/CopyField";
import { DocumentView } from "@/shared/ui/DocumentView";
import { Facts, Page, Section } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { FeedFields } from "./FeedFields";
import { Readers } from "./Readers";
import { Versions } from "./Versions";

const back = { to: "/feeds", label: "Feeds" };

export default function FeedPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const feed = useQuery({ queryKey: ["feeds", id], queryFn: () => feeds.get(id) });
  if (feed.error) {
    return (
      <Page title="Feed" back={back}>
        <Problem error={feed.error} retry={() => void feed.refetch()} />
      </Page>
    );
  }
  if (!feed.data) return <Skeleton height={300} />;
  return <Shown feed={feed.data} />;
}

function Shown({ feed }: { feed: Feed }) {
  const { id } = feed;
  const [url, setUrl] = useUrlState();
  const [editing, setEditing] = useState(false);
  const navigate = useNavigate();
  const may = useMay("editor");
  const tab = url.tab ?? "document";
  const document = useQuery({
    queryKey: ["feeds", id, "data"],
    queryFn: () => feeds.data(id),
    enabled: feed.version > 0,
  });
  const refresh = useAct(feeds.refresh, { stale: ["feeds"], sayError: true });
  const remove = async () => {
    await feeds.remove(id);
    await navigate({ to: "/feeds" });
  };
  return (
    <Page
      title={feed.name}
      back={back}
      mark={<ProviderIcon provider={feed.provider ?? "feed"} size={40} />}
      lead={
        <Anchor component={Link} to={`/integrations/${feed.integration_id}`} size="sm">
          Its integration
        </Anchor>
      }
      actions={
        may && (
          <>
            {feed.mode !== "push" && (
              <Button
                leftSection={<IconRefresh size={15} />}
                onClick={() => void refresh.run(id)}
                loading={refresh.busy}
              >
                Refresh now
              </Button>
            )}
            <Button variant="default" leftSection={<IconPencil size={15} />} onClick={() => setEditing(true)}>
              Change
            </Button>
            <Confirm
              title={`Delete ${feed.name}?`}
              verb="Delete the feed"
              act={remove}
              stale={["feeds", "graph", "integrations", "status"]}
              trigger={(open) => (
                <Button
                  variant="default"
                  c="var(--state-failing)"
                  leftSection={<IconTrash size={15} />}
                  onClick={open}
                >
                  Delete
                </Button>
              )}
            >
              Its {feed.version} versions go with it, and what reads it gets nothing more. This cannot be
              undone.
            </Confirm>
          </>
        )
      }
    >
      {feed.error_message && (
        <Alert
          color={feed.status === "failing" ? "red" : "yellow"}
          icon={<IconClockExclamation size={18} />}
          title={feed.stale ? "The last good document is shown" : "The last attempt failed"}
        >
          {feed.error_message} {feed.error_code && <span className="mono">({feed.error_code})</span>}{" "}
          {feed.failures > 1 && `${count(feed.failures)} failures in a row. `}
          {feed.refresh_at && (
            <>
              Next attempt <Time at={feed.refresh_at} />.
            </>
          )}
        </Alert>
      )}
      <div className="box">
        <Facts
          of={[
            ["State", <StateBadge key="s" state={feed.status} />],
            ["Version", count(feed.version)],
            ["Fetched", <Time key="f" at={feed.fetched_at} />],
            [
              "Next",
              <Time key="n" at={feed.refresh_at} never={feed.mode === "push" ? "when pushed" : "–"} />,
            ],
            ["Size", feed.bytes == null ? "–" : bytes(feed.bytes)],
            ["Schedule", schedule(feed)],
          ]}
        />
      </div>
      <Tabs
        value={tab}
        onChange={(next) => setUrl({ tab: next === "document" ? undefined : (next ?? undefined) })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="document">Document</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="readers">Readers ({feed.readers.length})</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="document">
          <Problem error={document.error} retry={() => void document.refetch()} />
          {feed.version === 0 ? (
            <Waiting feed={feed} />
          ) : document.data ? (
            <DocumentView document={document.data.data} />
          ) : (
            !document.error && <Skeleton height={200} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions feed={feed} />
        </Tabs.Panel>
        <Tabs.Panel value="readers">
          <Readers feed={feed} />
        </Tabs.Panel>
      </Tabs>
      {feed.webhook_url && (
        <Section title="Pushes go to">
          <CopyField value={feed.webhook_url} label="Copy the address" />
        </Section>
      )}
      <Panel opened={editing} onClose={() => setEditing(false)} title={`Change ${feed.name}`} size={620}>
        <EditFeed feed={feed} sample={document.data?.data} done={() => setEditing(false)} />
      </Panel>
    </Page>
  );
}

function Waiting({ feed }: { feed: Feed }) {
  return (
    <Alert color="gray">
      {feed.mode === "push"
        ? "Nothing has been pushed yet. Send a test event to the address below."
        : "The first pull is under way, or failed. Refresh to try at once."}
    </Alert>
  );
}

function schedule({ mode, pull }: Feed): string {
  if (mode === "push") return "on each push";
  if (pull?.cron) return `${pull.cron} (${pull.time_zone ?? "UTC"})`;
  return pull?.interval_secs ? `every ${duration(pull.interval_secs * 1000)}` : "as the provider’s usual";
}

function EditFeed({ feed, sample, done }: { feed: Feed; sample?: Json; done: () => void }) {
  const [draft, setDraft] = useState<FeedDraft>({
    name: feed.name,
    integration_id: feed.integration_id,
    mode: feed.mode,
    options: feed.options,
    pull: feed.pull ?? undefined,
    push: feed.push ?? undefined,
  });
  const integration = useQuery({
    queryKey: ["integrations", feed.integration_id],
    queryFn: () => integrations.get(feed.integration_id),
  });
  const save = useAct(
    () => {
      const { integration_id: _fixed, ...change } = draft;
      return feeds.change(feed.id, change);
    },
    { stale: ["feeds", "graph"], say: "Saved.", done },
  );
  return (
    <Stack>
      <Problem error={integration.error} />
      {integration.data && (
        <FeedFields
          integration={integration.data}
          draft={draft}
          onChange={setDraft}
          errors={save.errors}
          sample={sample}
        />
      )}
      <Problem error={save.error} />
      <Button onClick={() => void save.run()} loading={save.busy}>
        Save
      </Button>
    </Stack>
  );
}
