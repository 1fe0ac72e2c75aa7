import { Alert, Anchor, Button, Skeleton, Stack } from "@mantine/core";
import { IconClockExclamation, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { feeds, type Feed, type FeedDraft } from "@/shared/api/feeds";
import type { Json } from "@/shared/api/integrations";
import { useMay } from "@/shared/me";
import { useIntegration } from "@/shared/providers";
import { bytes, count } from "@/shared/text";
import { duration } from "@/shared/time";
import { CopyField } from "@/shared/ui/CopyField";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { DocumentView } from "@/shared/ui/DocumentView";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { FeedFields } from "./FeedFields";
import { Readers } from "./Readers";
import { Versions } from "./Versions";

const kind = { one: "feed", key: "feeds", back: { to: "/feeds", label: "Feeds" } };

export default function FeedPage() {
  return (
    <Opened kind={kind} read={feeds.get}>
      {(feed) => <Shown feed={feed} />}
    </Opened>
  );
}

function Shown({ feed }: { feed: Feed }) {
  const { id } = feed;
  const may = useMay("editor");
  const document = useQuery({
    queryKey: ["feeds", id, "data"],
    queryFn: () => feeds.data(id),
    enabled: feed.version > 0,
  });
  const integration = useIntegration(feed.integration_id);
  const refresh = useAct(feeds.refresh, { stale: ["feeds"], sayError: true });
  return (
    <DetailPage
      kind={kind}
      name={feed.name}
      mark={<ProviderIcon provider={feed.provider ?? "feed"} size={40} />}
      lead={
        <>
          From{" "}
          <Anchor component={Link} to={`/integrations/${feed.integration_id}`} size="sm">
            {integration.data?.name ?? "its integration"}
          </Anchor>
        </>
      }
      may={may}
      actions={
        feed.mode !== "push" && (
          <Button
            leftSection={<IconRefresh size={15} />}
            onClick={() => void refresh.run(id)}
            loading={refresh.busy}
          >
            Refresh now
          </Button>
        )
      }
      edit={(done) => <EditFeed feed={feed} sample={document.data?.data} done={done} />}
      remove={{
        act: () => feeds.remove(id),
        stale: ["feeds", "graph", "integrations", "status"],
        loss: `Its ${feed.version} versions go with it, and what reads it gets nothing more.`,
      }}
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
      <UrlTabs
        tabs={[
          {
            value: "document",
            label: "Document",
            panel: (
              <>
                <Problem error={document.error} retry={() => void document.refetch()} />
                {feed.version === 0 ? (
                  <Waiting feed={feed} />
                ) : document.data ? (
                  <DocumentView document={document.data.data} />
                ) : (
                  !document.error && <Skeleton height={200} />
                )}
              </>
            ),
          },
          { value: "versions", label: "Versions", panel: <Versions feed={feed} /> },
          { value: "readers", label: `Readers (${feed.readers.length})`, panel: <Readers feed={feed} /> },
        ]}
      />
      {feed.webhook_url && (
        <Section title="Pushes go to">
          <CopyField value={feed.webhook_url} label="Copy the address" />
        </Section>
      )}
    </DetailPage>
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
  const integration = useIntegration(feed.integration_id);
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
