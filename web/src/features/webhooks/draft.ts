// What a form holds of a webhook, and what of it is sent.

import type { Webhook, WebhookDraft } from "@/shared/api/webhooks";

export const fresh: WebhookDraft = {
  name: "",
  url: "",
  events: [],
  filter: null,
  format: "standard",
  signing: "hmac",
  headers: {},
  ordered: false,
  rate_limit: null,
};

export const draftOf = (webhook: Webhook): WebhookDraft => ({
  name: webhook.name,
  url: webhook.url,
  events: webhook.events,
  filter: webhook.filter ?? null,
  format: webhook.format,
  signing: webhook.signing,
  headers: webhook.headers,
  ordered: webhook.ordered,
  concurrency: webhook.concurrency,
  rate_limit: webhook.rate_limit ?? null,
  timeout_ms: webhook.timeout_ms,
});

/** Without what was left empty: the server then takes the host as the name, and asks without a filter. */
export function sent({ name, filter, ...rest }: WebhookDraft): WebhookDraft {
  return { ...rest, ...(name?.trim() ? { name: name.trim() } : {}), filter: filter?.trim() || null };
}

/** What is still needed before it can be sent. */
export function missing({ url, events }: WebhookDraft): string | null {
  if (!url.trim()) return "An address is needed.";
  return events.length === 0 ? "At least one kind of event is needed." : null;
}
