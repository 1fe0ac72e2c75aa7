import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconCircleCheck, IconTargetArrow, IconWaveSine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiError } from "@/shared/api/client";
import type { EventEntry } from "@/shared/api/health";
import { insight, type Drift, type Kpi } from "@/shared/api/insight";
import { useListing, whole } from "@/shared/listing";
import { useProviderNames } from "@/shared/providers";
import { pathOf } from "@/shared/subject";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Matrix } from "@/shared/ui/Matrix";
import { Platform } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { goalsOf, groupsOf, measured, targetOf, type ErrorGroup } from "./goals";
import classes from "./StatusPage.module.css";

/** Whether the house keeps what it promises of connected accounts, and what threatens it. */
export function GoalsTab() {
  return (
    <Stack>
      <GoalsShown />
      <Drifts />
      <ErrorGroups />
    </Stack>
  );
}

const isAbsent = (error: Error | null) => error instanceof ApiError && error.status === 404;

function GoalsShown() {
  const nameOf = useProviderNames();
  const kpis = useQuery({ queryKey: ["kpis"], queryFn: insight.kpis, refetchInterval: 60_000 });
  if (kpis.isPending) return <Skeleton height={140} />;
  if (kpis.error && !isAbsent(kpis.error))
    return <Problem error={kpis.error} retry={() => void kpis.refetch()} />;
  const goals = goalsOf(kpis.data?.data ?? []);
  return (
    <Section title="Goals">
      {goals.overall.length === 0 ? (
        <div className="box">
          <Empty icon={IconTargetArrow} title="Nothing measured yet">
            Connect an account, and how well it is kept is measured here against the goals.
          </Empty>
        </div>
      ) : (
        <dl className={classes.totals}>
          {goals.overall.map((kpi) => (
            <div key={kpi.name} className="box">
              <dt>{kpi.title}</dt>
              <dd>{measured(kpi.value, kpi.unit) || <span className="dim">—</span>}</dd>
              <dd className={classes.goal}>
                <Met kpi={kpi} />
                <span className="dim">goal {targetOf(kpi)}</span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {goals.platforms.length > 0 && (
        <div className={classes.matrix}>
          <Matrix label="Goals by platform">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Platform</Table.Th>
                {goals.names.map(({ name, title }) => (
                  <Table.Th key={name} scope="col">
                    {title}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {goals.platforms.map((platform) => (
                <Table.Tr key={platform}>
                  <Table.Th scope="row">
                    <Platform id={platform} name={nameOf(platform)} />
                  </Table.Th>
                  {goals.names.map(({ name }) => (
                    <Table.Td key={name}>
                      <Met kpi={goals.of(platform, name)} value />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Matrix>
        </div>
      )}
    </Section>
  );
}

/** Whether a goal is met: in a word, or by the value itself. */
function Met({ kpi, value = false }: { kpi?: Kpi; value?: boolean }) {
  if (!kpi || kpi.value === null || kpi.ok === null)
    return <span className="dim">{value ? "—" : "not measured yet"}</span>;
  return (
    <StateBadge state={kpi.ok ? "ok" : "failing"} title={kpi.ok ? "goal met" : "goal missed"}>
      {value ? measured(kpi.value, kpi.unit) : kpi.ok ? "met" : "missed"}
    </StateBadge>
  );
}

function Drifts() {
  const nameOf = useProviderNames();
  const drifts = useQuery({ queryKey: ["drifts"], queryFn: insight.drifts, refetchInterval: 60_000 });
  if (drifts.error && !isAbsent(drifts.error))
    return <Problem error={drifts.error} retry={() => void drifts.refetch()} />;
  const rows = (drifts.data?.data ?? []).map((drift) => ({
    ...drift,
    id: [drift.platform, drift.metric, drift.connection_id].join(" "),
  }));
  return (
    <Section title="Drift alarms">
      <ListTable<Drift & { id: string }>
        label="Drift alarms"
        list={whole(rows, drifts.isPending)}
        empty={
          <Empty icon={IconWaveSine} title="No drift">
            When a platform stops telling a number, or tells it in another way, it is said here before a graph
            goes flat.
          </Empty>
        }
        columns={[
          {
            key: "platform",
            title: "Platform",
            cell: (row) => <Platform id={row.platform} name={nameOf(row.platform)} />,
          },
          {
            key: "problem",
            title: "What is wrong",
            cell: (row) => (
              <>
                <StateBadge state="stale">
                  <span className="mono">{row.metric}</span>
                </StateBadge>
                <Text size="xs" className="dim break">
                  {row.problem}
                </Text>
              </>
            ),
          },
          { key: "since", title: "Since", wide: true, cell: (row) => <Time at={row.since} /> },
          {
            key: "account",
            title: "Account",
            wide: true,
            cell: (row) =>
              row.connection_id && (
                <Link to="/connections/$id" params={{ id: row.connection_id }}>
                  Open
                </Link>
              ),
          },
        ]}
      />
    </Section>
  );
}

/** How many events of each kind are looked through. */
const MOST = 200;

function ErrorGroups() {
  const feeds = useListing<EventEntry>("/events", { kind: "feed.failed" }, { limit: MOST });
  const expired = useListing<EventEntry>("/events", { kind: "connection.expired" }, { limit: MOST });
  const revoked = useListing<EventEntry>("/events", { kind: "connection.revoked" }, { limit: MOST });
  const all = [feeds, expired, revoked];
  const groups = groupsOf(all.flatMap(({ rows }) => rows));
  const failed = all.find(({ error }) => error);
  return (
    <Section title="Error groups">
      {failed && <Problem error={failed.error} retry={failed.retry} />}
      <ListTable<ErrorGroup>
        label="Error groups"
        list={whole(
          groups,
          all.some(({ pending }) => pending),
        )}
        empty={
          <Empty icon={IconCircleCheck} title="No errors">
            Errors of the same kind are counted together here.
          </Empty>
        }
        columns={[
          { key: "times", title: "Times", align: "right", cell: (row) => row.times },
          {
            key: "error",
            title: "Error",
            cell: (row) => (
              <>
                <span className="mono">{row.code}</span>
                <Text size="xs" className="dim break">
                  {row.message}
                </Text>
              </>
            ),
          },
          { key: "where", title: "Where", wide: true, cell: (row) => <Where of={row.subjects} /> },
          { key: "last", title: "Last", cell: (row) => <Time at={row.last} /> },
        ]}
      />
    </Section>
  );
}

function Where({ of }: { of: ErrorGroup["subjects"] }) {
  const few = of.slice(0, 3);
  return (
    <>
      {few.map(({ id, name }, index) => {
        const path = pathOf(id);
        return (
          <span key={id}>
            {index > 0 && ", "}
            {path ? <Link to={path as "/"}>{name}</Link> : name}
          </span>
        );
      })}
      {of.length > few.length && <span className="dim"> and {of.length - few.length} more</span>}
    </>
  );
}
