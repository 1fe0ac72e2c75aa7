import { api, type FieldError } from "./client";
import type { Schema } from "../schema";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Fields = Record<string, Json>;
export type Mode = "pull" | "push" | "both";
export type State = "ok" | "stale" | "failing" | "off" | "pending" | "new";

export interface PushScheme {
  name: string;
  title: string;
  secret_fields?: string[];
}

export interface Provider {
  id: string;
  name: string;
  summary: string;
  categories: string[];
  docs?: string | null;
  modes: ("pull" | "push")[];
  icon_url: string;
  /** The ways to prove who asks. */
  auth: { id: string; kind: string }[];
  credentials_schema: Schema;
  config_schema: Schema;
  interval_secs?: number | null;
  push_schemes: PushScheme[];
  /** What to do on the other side; `{webhook_url}` stands for the address. */
  push_setup: string[];
}

export interface PullConfig {
  url?: string;
  path?: string;
  method?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Json;
  format?: string;
  transform?: string;
  interval_secs?: number;
  cron?: string;
  time_zone?: string;
  ignore?: string[];
  timeout?: number;
  rate_limit?: number;
  keep?: number;
  notify_after?: number;
  max_bytes?: number;
}

export interface PushConfig {
  scheme?: string;
  unsigned?: boolean;
  secret_field?: string;
  api_key?: { in: "header" | "query"; name: string };
  ip_allowlist?: string[];
  replay_window_secs?: number;
  event_id?: string;
  apply?: "replace" | "merge" | "append";
  keep_last?: number;
  transform?: string;
}

export interface Failure {
  code: string;
  message: string;
  at: string;
}

export type CredentialState = "missing" | "unverified" | "valid" | "invalid" | "not_needed";

export interface Integration {
  id: string;
  name: string;
  description?: string | null;
  provider: string;
  type: string;
  enabled: boolean;
  mode: Mode;
  config: Fields;
  pull_config: PullConfig | null;
  push_config: PushConfig | null;
  credential_scope: CredentialScope;
  credential: { id: string | null; state: CredentialState; validated_at: string | null } | null;
  status: State;
  last_sync_at: string | null;
  last_error: Failure | null;
  feeds_count: number;
  /** What the provider has granted its app instead of the usual. */
  quota?: OwnQuota | null;
  webhook_url?: string | null;
  /** Where a provider sends browsers back to, where accounts are connected by OAuth. */
  redirect_uri?: string | null;
  widget_id?: string | null;
  created_at: string;
  updated_at: string;
}

export interface OwnQuota {
  daily_units?: number;
  requests?: number;
  window_secs?: number;
}

export interface Subscription {
  id: string;
  connection_id: string | null;
  /** What is pushed, in words. */
  title?: string;
  /** What it is about, at the provider. */
  topic: string;
  state: "pending" | "active" | "failed" | "off";
  expires_at: string | null;
  renew_at: string | null;
  error?: { code: string; message: string } | null;
}

export interface IntegrationDraft {
  name: string;
  provider: string;
  config: Fields;
  credentials?: Fields;
  pull?: PullConfig;
  push?: PushConfig;
  mode?: Mode;
  enabled?: boolean;
  quota?: OwnQuota | null;
  /** The widget that it feeds: each place of that gets a feed of its own. */
  widget_id?: string;
}

export interface TestStep {
  name: "dns" | "connect" | "tls" | "request" | "status" | "decode";
  ok: boolean;
  detail: string | null;
  duration_ms: number | null;
}

export interface TestResult {
  ok: boolean;
  code?: string | null;
  message: string;
  steps: TestStep[];
  status: number | null;
  duration_ms: number;
  sample?: Json;
}

export interface RequestLog {
  id: string;
  at: string;
  method: string;
  host: string;
  url: string;
  status: number | null;
  duration_ms: number;
  bytes: number | null;
  success: boolean;
  error_code: string | null;
  error: string | null;
  attempt: number;
  cached: boolean;
  feed_id: string | null;
}

export const catalog = {
  provider: (id: string) => api.get<Provider>(`/providers/${id}`),
};

export const integrations = {
  get: (id: string) => api.get<Integration>(`/integrations/${id}`),
  create: (draft: IntegrationDraft) => api.post<Integration>("/integrations", draft),
  change: (id: string, change: Partial<IntegrationDraft>) =>
    api.patch<Integration>(`/integrations/${id}`, change),
  remove: (id: string) => api.delete(`/integrations/${id}`),
  test: (id: string) => api.post<TestResult>(`/integrations/${id}/test`, {}),
  subscriptions: (id: string) => api.get<{ data: Subscription[] }>(`/integrations/${id}/subscriptions`),
  renew: (id: string, subscription: string) =>
    api.post(`/integrations/${id}/subscriptions/${subscription}/renew`, {}),
  /** For an account, or for the integration as a whole. What was ended is begun again. */
  subscribe: (id: string, connection: string | null) =>
    api.post(`/integrations/${id}/subscriptions`, connection ? { connection_id: connection } : {}),
  unsubscribe: (id: string, subscription: string) =>
    api.delete(`/integrations/${id}/subscriptions/${subscription}`),
  /** Before anything is saved. */
  testDraft: ({ provider, config, credentials, mode, pull, push }: IntegrationDraft) =>
    api.post<TestResult>("/integrations/test", { provider, config, credentials, mode, pull, push }),
  validate: (draft: Pick<IntegrationDraft, "provider" | "config" | "credentials">) =>
    api.post<{ valid: boolean; errors: FieldError[] }>("/integrations/validate", draft),
};

export type CredentialScope = "workspace" | "widget" | "network";

export interface Credential {
  id: string;
  integration_id: string | null;
  provider: string;
  name: string | null;
  scope: CredentialScope;
  owner: { workspace_id?: string; widget_config_id?: string; instance?: boolean };
  credentials: Record<string, string>;
  metadata: Fields;
  is_valid: boolean;
  validated_at: string | null;
  version: number;
  rotated_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  action: string;
  actor: string | null;
  detail?: Fields | null;
}

export const credentials = {
  create: (made: { integration_id: string; scope: CredentialScope; credentials: Fields }) =>
    api.post<Credential>("/credentials", made),
  rotate: (id: string, next: Fields) =>
    api.post<Credential>(`/credentials/${id}/rotate`, { credentials: next }),
  validate: (id: string) => api.post<Credential>(`/credentials/${id}/validate`, {}),
  remove: (id: string) => api.delete(`/credentials/${id}`),
};
