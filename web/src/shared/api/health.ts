import { api } from "./client";
import type { CredentialState, Failure, State } from "./integrations";

export interface Minute {
  minute: string;
  pulls: number;
  pushes: number;
  errors: number;
}

export interface IntegrationHealth {
  id: string;
  name: string;
  provider: string;
  status: State;
  last_sync_at: string | null;
  last_error: Failure | null;
  credential_state: CredentialState | null;
  feeds: Partial<Record<State, number>>;
}

export interface Status {
  integrations: IntegrationHealth[];
  totals: Record<string, number | Partial<Record<State, number>>>;
  throughput: Minute[];
}

export type GraphKind = "integration" | "feed" | "widget" | "player";

export interface GraphNode {
  id: string;
  kind: GraphKind;
  name: string;
  state: State;
  provider?: string | null;
  age_ms?: number | null;
}

export interface GraphEdge {
  from: string;
  to: string;
  state: State;
  age_ms: number | null;
  version: number | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface EventEntry {
  id: string;
  kind: string;
  subject: string;
  at: string;
  data: Record<string, unknown>;
}

export interface Notification {
  id: string;
  severity: string;
  title: string;
  body: string;
  subject: string;
  read_at: string | null;
  created_at: string;
}

export const health = {
  status: () => api.get<Status>("/status"),
  graph: () => api.get<Graph>("/graph"),
  markRead: (id: string) => api.post(`/notifications/${id}/read`, {}),
};
