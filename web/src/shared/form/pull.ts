// The settings of a pull and of a push, as schemas for the form that all others are made with.

import type { Schema } from "../schema";

export const requestSchema: Schema = {
  properties: {
    path: {
      type: "string",
      title: "Path",
      description: "After the provider's base address. {{config.city}} puts a setting in.",
    },
    method: { type: "string", title: "Method", enum: ["GET", "POST", "PUT"] },
    query: { type: "object", title: "Query", additionalProperties: { type: "string" } },
    headers: { type: "object", title: "Headers", additionalProperties: { type: "string" } },
    body: { title: "Body", description: "JSON, with templates where you want them" },
    format: {
      type: "string",
      title: "Format of the answer",
      enum: ["auto", "json", "feed", "xml", "text", "csv"],
    },
  },
};

export const limitsSchema: Schema = {
  properties: {
    timeout: { type: "integer", title: "Time limit (ms)", minimum: 100 },
    rate_limit: { type: "integer", title: "Requests a minute, at most", minimum: 1 },
    keep: { type: "integer", title: "Versions to keep", minimum: 1 },
    notify_after: { type: "integer", title: "Notify after this many failures in a row", minimum: 1 },
    max_bytes: { type: "integer", title: "Largest answer (bytes)", minimum: 1 },
    ignore: {
      type: "array",
      items: { type: "string" },
      title: "Ignored places",
      description: "JSON pointers whose changes do not make a new version, such as /generated_at",
    },
  },
};

export const arrivalSchema: Schema = {
  properties: {
    apply: {
      type: "string",
      title: "A push…",
      enum: ["replace", "merge", "append"],
      description: "replaces the document, is merged into it, or is appended to a list",
    },
    keep_last: { type: "integer", title: "Items to keep, when appending", minimum: 1 },
    event_id: {
      type: "string",
      title: "Event id",
      description:
        "Where the sender puts it, such as header:X-GitHub-Delivery or body:id. A repeated id is taken once.",
    },
    replay_window_secs: {
      type: "integer",
      title: "Replay window (seconds)",
      minimum: 1,
      description: "Older signed timestamps are refused",
    },
    ip_allowlist: {
      type: "array",
      items: { type: "string" },
      title: "Allowed senders",
      description: "Networks such as 192.0.2.0/24. Empty allows all that sign.",
    },
  },
};
