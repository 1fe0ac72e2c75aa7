import { api, type Page } from "./client";
import type { Json } from "./integrations";

export type WebhookStatus = "active" | "paused" | "disabled";
export type DeliveryStatus = "pending" | "retrying" | "succeeded" | "dead";
export type Format = "standard" | "cloudevents";
export type Signing = "hmac" | "ed25519";

export interface Rate {
  requests: number;
  window_secs: number;
}

export interface Webhook {
  id: string;
  name: string;
  url: string;
  events: string[];
  filter?: string;
  /** What the filter last failed with. */
  filter_error?: string;
  format: Format;
  signing: Signing;
  /** Shown once: when it is made, and when it is rotated. */
  secret?: string;
  public_key?: string;
  /** Until when the key before the last rotation signs too. */
  overlap_until?: string;
  headers: Record<string, string>;
  ordered: boolean;
  concurrency: number;
  rate_limit?: Rate;
  timeout_ms: number;
  enabled: boolean;
  status: WebhookStatus;
  status_since: string;
  /** Why Patchbay disabled it. */
  cause?: { code: string; message: string };
  failing_since?: string;
  succeeded_at?: string;
  created_at: string;
  updated_at: string;
}

export interface WebhookDraft {
  name?: string;
  url: string;
  events: string[];
  filter?: string | null;
  format: Format;
  signing: Signing;
  headers: Record<string, string>;
  ordered: boolean;
  concurrency?: number;
  rate_limit?: Rate | null;
  timeout_ms?: number;
}

export interface DeliveryAttempt {
  at: string;
  url: string;
  status_code: number | null;
  duration_ms: number;
  error: string | null;
  error_code: string | null;
  /** The beginning of the answer's body. */
  response: string | null;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  event_id: string;
  event_type: string;
  event_at: string;
  status: DeliveryStatus;
  attempts: DeliveryAttempt[];
  next_attempt_at: string | null;
  error: string | null;
  trace: string | null;
  /** In the answer about one delivery alone. */
  request?: { method: string; url: string; headers: Record<string, string>; body: Json };
}

export const webhooks = {
  get: (id: string) => api.get<Webhook>(`/webhooks/${id}`),
  create: (draft: WebhookDraft) => api.post<Webhook>("/webhooks", draft),
  /** How it signs is decided once. */
  change: (id: string, { signing: _fixed, ...change }: WebhookDraft) =>
    api.patch<Webhook>(`/webhooks/${id}`, change),
  remove: (id: string) => api.delete(`/webhooks/${id}`),
  switchTo: (id: string, to: "pause" | "resume") => api.post<Webhook>(`/webhooks/${id}/${to}`, {}),
  test: (id: string) => api.post<Delivery>(`/webhooks/${id}/test`, {}),
  rotate: (id: string, overlap_secs: number) =>
    api.post<Webhook>(`/webhooks/${id}/rotate-secret`, { overlap_secs }),
  replay: (id: string, what: { since: string; until?: string; status?: DeliveryStatus }) =>
    api.post(`/webhooks/${id}/replay`, what),
  latest: (id: string, limit: number) => api.get<Page<Delivery>>(`/webhooks/${id}/deliveries`, { limit }),
};

export const deliveries = {
  get: (id: string) => api.get<Delivery>(`/deliveries/${id}`),
  replay: (id: string) => api.post<Delivery>(`/deliveries/${id}/replay`, {}),
};
