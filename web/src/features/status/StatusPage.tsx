import { Skeleton, Stack } from "@mantine/core";
import { IconActivity, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { health, type EventEntry, type IntegrationHealth, type Status } from "@/shared/api/health";
import { useListing, whole } from "@/shared/listing";
import { pathOf } from "@/shared/subject";
import { count, plural } from "@/shared/text";
import { nameColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Page, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { CredentialBadge, StateBadge, StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Throughput } from "@/shared/ui/Throughput";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { GoalsTab } from "./GoalsTab";
import classes from "./StatusPage.module.css";

/** How everything is: health, last syncs, credentials, and what went wrong. It refreshes by itself. */
export default function StatusPage() {
  return (
    <Page
      title="Status"
      lead="Health of the integrations and of the accounts behind them. It refreshes by itself."
    >
      <UrlTabs
        tabs={[
          { value: "integrations", label: "Integrations", panel: <Integrations /> },
          { value: "goals", label: "Goals and alarms", panel: <GoalsTab /> },
        ]}
      />
    </Page>
  );
}

function Integrations() {
  const status = useQuery({ queryKey: ["status"], queryFn: health.status, refetchInterval: 60_000 });
  return (
    <Stack>
      <Problem error={status.error} retry={() => void status.refetch()} />
      {status.isPending && <Skeleton height={300} />}
      {status.data && <Shown status={status.data} />}
      <ErrorLog />
    </Stack>
  );
}

function Shown({ status }: { status: Status }) {
  // What needs a look comes first, the rest by name.
  const rows = status.integrations.toSorted(
    (a, b) => Number(b.status === "failing") - Number(a.status === "failing") || a.name.localeCompare(b.name),
  );
  return (
    <>
      <dl className={classes.totals}>
        {Object.entries(status.totals).map(([name, value]) => (
          <div key={name} className="box">
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{typeof value === "number" ? count(value) : <FeedCounts feeds={value} />}</dd>
          </div>
        ))}
      </dl>
      <Section title="Each minute of the last hour">
        <div className="box">
          <Throughput minutes={status.throughput} height={150} />
        </div>
      </Section>
      <Section title="Integrations">
        <ListTable<IntegrationHealth>
          label="Health of the integrations"
          list={whole(rows)}
          empty={
            <Empty icon={IconActivity} title="Nothing to watch yet">
              Add an integration, and its health is shown here.
            </Empty>
          }
          columns={[
            { ...nameColumn, sort: undefined },
            { key: "status", title: "State", cell: (row) => <StateBadge state={row.status} /> },
            { key: "last", title: "Last sync", cell: (row) => <Time at={row.last_sync_at} /> },
            {
              key: "credential",
              title: "Credential",
              wide: true,
              cell: (row) => <CredentialBadge state={row.credential_state} />,
            },
            { key: "feeds", title: "Feeds", wide: true, cell: (row) => <FeedCounts feeds={row.feeds} /> },
            {
              key: "error",
              title: "Last error",
              wide: true,
              cell: (row) =>
                row.last_error && (
                  <span title={row.last_error.message}>
                    <span className="mono">{row.last_error.code}</span>{" "}
                    <span className="dim">
                      <Time at={row.last_error.at} />
                    </span>
                  </span>
                ),
            },
          ]}
        />
      </Section>
    </>
  );
}

function FeedCounts({ feeds }: { feeds: IntegrationHealth["feeds"] }) {
  const some = Object.entries(feeds).filter(([, amount]) => amount > 0);
  if (some.length === 0) return <span className="dim">none</span>;
  return (
    <span className={classes.counts}>
      {some.map(([state, amount]) => (
        <span key={state} title={`${plural(amount, "feed")} ${state}`}>
          <StateIcon state={state} /> {amount}
        </span>
      ))}
    </span>
  );
}

function ErrorLog() {
  const list = useListing<EventEntry>("/events", { kind: "feed.failed" });
  return (
    <Section title="Error log">
      <ListTable
        label="Error log"
        list={list}
        empty={
          <Empty icon={IconCircleCheck} title="No errors">
            Failed pulls and pushes are listed here.
          </Empty>
        }
        columns={[
          { key: "at", title: "When", cell: (row) => <Time at={row.at} /> },
          { key: "kind", title: "What", cell: (row) => row.kind },
          {
            key: "subject",
            title: "Where",
            cell: (row) => <Subject id={row.subject} name={row.data.name} />,
          },
          {
            key: "error",
            title: "Error",
            wide: true,
            cell: (row) => (
              <span className="break">
                <span className="mono">{String(row.data.code ?? "")}</span> {String(row.data.message ?? "")}
              </span>
            ),
          },
        ]}
      />
    </Section>
  );
}

function Subject({ id, name }: { id: string; name: unknown }) {
  const path = pathOf(id);
  const shown = typeof name === "string" ? name : id;
  return path ? <Link to={path as "/"}>{shown}</Link> : <span className="mono">{shown}</span>;
}
