import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { IconChartLine, IconDownload, IconRefresh, IconUserCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { subjectOf } from "@/shared/account";
import { useAct } from "@/shared/act";
import { ApiError } from "@/shared/api/client";
import { insight, type MetricRow, type Span } from "@/shared/api/insight";
import type { Connection } from "@/shared/api/connections";
import { download } from "@/shared/download";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useProviderNames } from "@/shared/providers";
import { useSync } from "@/shared/sync";
import { Empty } from "@/shared/ui/Empty";
import { Page, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { SyncProgress } from "@/shared/ui/SyncProgress";
import { latestOf, seriesOf, spanOf, titleOf } from "./metrics";
import { Numbers } from "./Numbers";
import { Accounts } from "./Accounts";
import classes from "./SubjectPage.module.css";

const Chart = lazy(() => import("./MetricChart"));

const spans = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
];

/** All accounts of one subject, and what their platforms say day by day. */
export default function SubjectPage() {
  const subject = subjectOf((useParams({ strict: false }) as { subject: string }).subject);
  const [url, setUrl] = useUrlState();
  const may = useMay("editor");
  const days = spans.some(({ value }) => value === url.days) ? url.days! : "30";
  const today = new Date().toISOString().slice(0, 10);
  const span = useMemo<Span>(
    () => ({ subject, ...spanOf(Number(days), Date.parse(today)) }),
    [subject, days, today],
  );
  const metrics = useQuery({ queryKey: ["metrics", span], queryFn: () => insight.metrics(span) });
  const accounts = useListing<Connection>(`/connections?${new URLSearchParams({ subject })}`);
  const nameOf = useProviderNames();
  const sync = useSync();
  const save = useAct(() => download(insight.csv(span), `${subject || "workspace"}-metrics.csv`), {
    sayError: true,
  });
  // A server that keeps no metrics has nothing to show, which is no fault.
  const none = metrics.error instanceof ApiError && metrics.error.status === 404;
  const rows = metrics.data?.data ?? [];
  const busy = (sync.busy || metrics.isPending) && rows.length === 0;

  return (
    <Page
      title={subject || "The workspace’s own accounts"}
      back={{ to: "/connections", label: "Connections" }}
      lead="What the platforms say of its accounts, one value a day."
      actions={
        <>
          {rows.length > 0 && (
            <Button
              variant="default"
              leftSection={<IconDownload size={15} />}
              onClick={() => void save.run()}
              loading={save.busy}
            >
              CSV
            </Button>
          )}
          {may && (
            <Button
              leftSection={<IconRefresh size={15} />}
              onClick={() => void sync.run({ subject })}
              loading={sync.busy}
            >
              Sync now
            </Button>
          )}
        </>
      }
    >
      <Problem error={sync.error} />
      <SyncProgress progress={sync.progress} />
      <Accounts list={accounts} />
      {!none && <Problem error={metrics.error} retry={() => void metrics.refetch()} />}
      {busy && <Skeleton height={220} />}
      {!busy && rows.length === 0 && (none || !metrics.error) && (
        <div className="box">
          <Empty
            icon={accounts.rows.length > 0 ? IconChartLine : IconUserCheck}
            title="No numbers yet"
            action={
              accounts.rows.length === 0 && (
                <Button component={Link} to="/connections">
                  Connect an account
                </Button>
              )
            }
          >
            Numbers are read once a day from every connected account. “Sync now” reads them at once.
          </Empty>
        </div>
      )}
      {rows.length > 0 && (
        <Metrics
          rows={rows}
          span={span}
          nameOf={nameOf}
          metric={url.metric}
          onMetric={(metric) => setUrl({ metric })}
          aside={
            <SegmentedControl
              size="xs"
              aria-label="How far back"
              value={days}
              data={spans}
              onChange={(days) => setUrl({ days: days === "30" ? undefined : days })}
            />
          }
        />
      )}
    </Page>
  );
}

interface MetricsProps {
  rows: MetricRow[];
  span: Span;
  nameOf: (platform: string) => string;
  metric?: string;
  onMetric: (metric: string) => void;
  aside: ReactNode;
}

function Metrics({ rows, span, nameOf, metric: asked, onMetric, aside }: MetricsProps) {
  const latest = useMemo(() => latestOf(rows), [rows]);
  const drawn = latest.metrics.filter((metric) =>
    latest.platforms.some((platform) => typeof latest.of(metric, platform)?.value === "number"),
  );
  const metric = drawn.find((name) => name === asked) ?? drawn[0];
  const charts = useMemo(
    () =>
      metric
        ? latest.platforms
            .filter((platform) => typeof latest.of(metric, platform)?.value === "number")
            .map((platform) => ({ platform, series: seriesOf(rows, metric, platform, span) }))
        : [],
    [rows, metric, latest, span],
  );
  const estimates = charts.some(({ series }) => series.estimated.some((value) => value !== null));
  return (
    <>
      <Numbers latest={latest} drawn={drawn} nameOf={nameOf} chosen={metric} onChoose={onMetric} />
      {metric && (
        <Section title={`${titleOf(metric)} over time`} aside={aside}>
          <div className={classes.charts}>
            {charts.map(({ platform, series }) => (
              <Suspense key={platform} fallback={<Skeleton height={240} />}>
                <Chart platform={platform} name={nameOf(platform)} metric={metric} series={series} />
              </Suspense>
            ))}
          </div>
          <Legend estimates={estimates} />
        </Section>
      )}
    </>
  );
}

/** How to read the lines. Each chart has a scale of its own. */
function Legend({ estimates }: { estimates: boolean }) {
  return (
    <p className={classes.legend}>
      <span>
        <svg width="22" height="8" aria-hidden>
          <line x1="0" x2="22" y1="4" y2="4" stroke="var(--cord)" strokeWidth="2" />
        </svg>
        told by the platform
      </span>
      {estimates && (
        <span>
          <svg width="22" height="14" aria-hidden>
            {[-6, 0, 6, 12, 18].map((x) => (
              <line key={x} x1={x} x2={x + 10} y1="14" y2="4" stroke="var(--cord)" opacity="0.5" />
            ))}
            <line x1="0" x2="22" y1="3" y2="3" stroke="var(--cord)" strokeWidth="2" strokeDasharray="5 4" />
          </svg>
          estimated, by the formula that is shown
        </span>
      )}
      <span>a gap: not known on that day</span>
      <span>each platform on its own scale</span>
    </p>
  );
}
