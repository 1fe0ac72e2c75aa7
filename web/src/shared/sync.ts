// Reading numbers at once, account by account: which waits, which is asked, and what each answered. The
// answer of the sync says all of it in the end; the workspace's events say it as it happens.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useAct } from "./act";
import type { EventEntry } from "./api/health";
import { insight, type Subject, type SyncResult, type Whose } from "./api/insight";
import { useEvents } from "./live";

/** One account of a sync. */
export interface Row {
  connection_id: string;
  platform: string;
  subject: string;
  result?: SyncResult;
}

export interface Progress {
  rows: Row[];
  /** Not everything has been answered. */
  isRunning: boolean;
}

/** How many accounts the server asks side by side. */
const AT_ONCE = 8;

/** The accounts that will be read, in the server's order. */
export function rowsOf(subjects: Subject[], whose: Whose): Row[] {
  return subjects
    .filter(({ subject }) => !("subject" in whose) || subject === whose.subject)
    .flatMap(({ subject, platforms }) => platforms.map((it): Row => ({ ...it, subject })))
    .map(({ connection_id, platform, subject }) => ({ connection_id, platform, subject }))
    .sort((a, b) => order(a.subject, b.subject) || order(a.platform, b.platform));
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The rows with what was answered; an account that was not known before stands last. */
export function withResults(rows: Row[], results: SyncResult[]): Row[] {
  const by = new Map(results.map((result) => [result.connection_id, result]));
  const known = rows.map((row) => {
    const result = by.get(row.connection_id);
    by.delete(row.connection_id);
    return result ? { ...row, result } : row;
  });
  const more = [...by.values()].map((result) => {
    const { connection_id, platform, subject } = result;
    return { connection_id, platform, subject, result };
  });
  return more.length > 0 ? [...known, ...more] : known;
}

/** What to say of each row: its result, or whether it is asked already. */
export function statesOf(rows: Row[]): (SyncResult["status"] | "waiting" | "running")[] {
  let asked = 0;
  return rows.map(({ result }) => result?.status ?? (asked++ < AT_ONCE ? "running" : "waiting"));
}

const stale = ["metrics", "subjects", "connections", "kpis"];

export function useSync() {
  const queries = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);

  // Whoever asked for it: what an account has just answered is so.
  const hear = useCallback(({ kind, data }: EventEntry) => {
    if (kind !== "sync.progress") return;
    const said = data as unknown as SyncResult;
    setProgress((now) => {
      if (!now?.rows.some((row) => row.connection_id === said.connection_id && !row.result)) return now;
      return progressOf(withResults(now.rows, [said]));
    });
  }, []);
  useEvents(hear);

  const act = useAct(
    async (whose: Whose) => {
      setProgress({ rows: [], isRunning: true });
      const { data } = await queries.fetchQuery({ queryKey: ["subjects"], queryFn: insight.subjects });
      setProgress({ rows: rowsOf(data, whose), isRunning: true });
      return insight.sync(whose);
    },
    {
      stale,
      done: ({ data, queued }) =>
        setProgress((now) => {
          const rows = withResults(now?.rows ?? [], data);
          // What is neither answered nor still to come is not there any more.
          return progressOf(queued > 0 ? rows : rows.filter(({ result }) => result));
        }),
    },
  );
  const run = async (whose: Whose) => {
    if (!(await act.run(whose))) setProgress(null);
  };
  return { run, busy: act.busy, error: act.error, progress };
}

const progressOf = (rows: Row[]): Progress => ({ rows, isRunning: rows.some(({ result }) => !result) });
