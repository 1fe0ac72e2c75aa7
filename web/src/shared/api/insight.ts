import { api } from "./client";
import type { Json } from "./integrations";

/** What one platform said of one subject on one day. What is unknown is absent, which is not 0. */
export interface MetricRow {
  date: string;
  platform: string;
  subject: string;
  metrics: Record<string, Json>;
  /** The formula of each metric that was computed instead of told. */
  estimated: Record<string, string>;
  fetched_at: string;
}

export interface SyncResult {
  platform: string;
  connection_id: string;
  subject: string;
  status: "success" | "requires_reconnection" | "error";
  /** A stable code when it did not go well. */
  code: string | null;
  message: string | null;
  metrics_updated: number | null;
}

/** Whose accounts have numbers, by subject and platform. */
export interface Subject {
  subject: string;
  platforms: { platform: string; connection_id: string }[];
}

/** Whose numbers to read. */
export type Whose = { subject: string } | { workspace: true };

export interface Kpi {
  name: string;
  title: string;
  target: number;
  /** Whether more or less is better. */
  bound: "at_least" | "at_most";
  value: number | null;
  unit: string;
  /** Null for all platforms together. */
  platform: string | null;
  ok: boolean | null;
}

/** A number that a platform stopped telling the way it used to. */
export interface Drift {
  platform: string;
  metric: string;
  problem: string;
  since: string;
  connection_id: string | null;
}

/** An artist of a platform who may be the one that an account stands for. */
export interface Candidate {
  id: string;
  name: string;
  followers: number | null;
  url: string | null;
  /** How likely, from 0 to 1. */
  score: number;
}

export interface Span {
  /** The workspace's own accounts have no subject: the empty text is sent, too. */
  subject: string;
  from: string;
  to: string;
}

const ofSpan = ({ subject, from, to }: Span) => new URLSearchParams({ subject, from, to }).toString();

export const insight = {
  metrics: (span: Span) => api.get<{ data: MetricRow[] }>(`/metrics?${ofSpan(span)}`),
  csv: (span: Span) => `/api/v1/metrics.csv?${ofSpan(span)}`,
  subjects: () => api.get<{ data: Subject[] }>("/subjects"),
  sync: (whose: Whose) => api.post<{ data: SyncResult[]; queued: number }>("/sync", whose),
  candidates: (connection: string, name?: string) =>
    api.post<{ data: Candidate[] }>(`/connections/${connection}/artist-candidates`, { name }),
  chooseArtist: (connection: string, id: string) =>
    api.put<SyncResult>(`/connections/${connection}/artist`, { id }),
  kpis: () => api.get<{ data: Kpi[] }>("/kpis"),
  drifts: () => api.get<{ data: Drift[] }>("/drifts"),
};
