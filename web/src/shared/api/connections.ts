import { api } from "./client";
import type { Json } from "./integrations";

export type ConnectionState = "active" | "degraded" | "expired" | "revoked" | "disabled";

export interface Connection {
  id: string;
  integration_id: string;
  provider: string;
  /** Whose account it is; empty for the workspace's own. */
  subject: string;
  status: ConnectionState;
  cause: { code: string; message: string } | null;
  status_since: string;
  account: { id: string | null; name: string | null; more?: Record<string, Json> };
  scopes: string[];
  missing_scopes: string[];
  captured: Record<string, Json>;
  /** Whether the tokens are renewed without a person. */
  can_refresh: boolean;
  granted_at: string;
  expires_at: string | null;
  refresh_expires_at: string | null;
  refreshed_at: string | null;
  failures: number;
  failing_since: string | null;
  validated_at: string | null;
  synced_at: string | null;
  created_at: string;
  updated_at: string;
}

/** Where to go to connect. No address where nobody needs to agree: then there is the connection. */
export interface Started {
  authorize_url: string | null;
  connect_link: string | null;
  redirect_uri: string;
  connection: Connection | null;
}

export interface ConnectionTest {
  ok: boolean;
  status: number | null;
  code: string | null;
  message: string;
}

export interface Task {
  id: string;
  kind: string;
  /** The id of what it is about. */
  about: string;
  subject: string;
  title: string;
  description: string;
  priority: string;
  due_at: string;
  status: "open" | "done";
  created_at: string;
  closed_at: string | null;
  /** The id of a user or a key, or `house` where it closed by itself. */
  closed_by: string | null;
}

/** What is left of one budget at a provider. */
export interface Quota {
  provider: string;
  integration_id: string;
  connection_id?: string | null;
  /** Whose budget it is: the app's or the account's. */
  scope: string;
  /** Which of its endpoints. */
  class: string;
  limit: number | null;
  window_secs?: number | null;
  daily?: boolean | null;
  used: number;
  remaining: number | null;
  resets_at: string | null;
  forecast?: { ends_at: string | null; text: string } | null;
}

interface Return {
  /** Where the browser ends up. */
  return_url?: string;
}

export const connections = {
  get: (id: string) => api.get<Connection>(`/connections/${id}`),
  connect: (integration: string, how: Return & { subject?: string }) =>
    api.post<Started>(`/integrations/${integration}/connect`, how),
  reconnect: (id: string, how: Return) => api.post<Started>(`/connections/${id}/reconnect`, how),
  test: (id: string) => api.post<ConnectionTest>(`/connections/${id}/test`, {}),
  refresh: (id: string) => api.post<Connection>(`/connections/${id}/refresh`, {}),
  enable: (id: string, enabled: boolean) => api.patch<Connection>(`/connections/${id}`, { enabled }),
  remove: (id: string) => api.delete(`/connections/${id}`),
  quotas: (of: { connection_id: string } | { integration_id: string }) =>
    api.get<{ data: Quota[] }>("/quotas", of),
  /** Asks each platform its cheapest question. */
  testAll: () => api.post<{ data: { is_valid: boolean }[] }>("/connections/validate", {}),
};

export const tasks = {
  close: (id: string) => api.post<Task>(`/tasks/${id}/close`, {}),
};
