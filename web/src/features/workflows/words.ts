// What starts a workflow, and what a step does, in words.

import type { Step, Trigger } from "@/shared/api/workflows";
import { cronInWords } from "./cron";

/** What things are called, by their ids. */
export type NameOf = (id: string) => string | undefined;

export function triggerInWords(trigger: Trigger, nameOf: NameOf): string {
  const filtered = "filter" in trigger && trigger.filter ? ", filtered" : "";
  switch (trigger.type) {
    case "cron":
      return `${cronInWords(trigger.cron)} (${trigger.time_zone ?? "UTC"})`;
    case "inbound": {
      const what = trigger.event_type ? `${trigger.event_type} comes` : "a push comes";
      return `when ${what} from ${nameOf(trigger.integration_id) ?? "an integration"}${filtered}`;
    }
    case "feed":
      return `when ${nameOf(trigger.feed_id) ?? "a feed"} changes${filtered}`;
    case "event":
      return `on ${trigger.kind === "*" ? "every event" : trigger.kind}${filtered}`;
    default:
      return "by something unknown";
  }
}

/** All of them; by hand and by the API it can always be started. */
export const triggersInWords = (triggers: Trigger[] | undefined, nameOf: NameOf) =>
  triggers?.length ? triggers.map((trigger) => triggerInWords(trigger, nameOf)).join("; ") : "by hand or API";

const text = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** What a step does, in a line. */
export function stepInWords({ type, config = {} }: Step): string {
  switch (type) {
    case "connector":
      return [config.provider ?? config.connectorType ?? "", config.action ?? "choose an action"]
        .filter(Boolean)
        .map(text)
        .join(" · ");
    case "http":
      return `${text(config.method ?? "GET")} ${text(config.url)}`;
    case "transform":
      return text(config.jq ?? config.value);
    case "code":
      return text(config.source).split("\n")[0] ?? "";
    case "condition":
      return text(config.if);
    case "switch":
      return text(config.value);
    case "for_each":
      return text(config.items);
    case "parallel":
      return "all at once";
    case "wait":
      if (config.event) return `for ${text(config.event)}`;
      return config.until ? `until ${text(config.until)}` : `for ${text(config.for)}`;
    case "approval":
      return text(config.message);
    case "workflow":
      return text(config.workflow_id);
    case "respond":
      return `status ${text(config.status ?? 200)}`;
    default:
      return "an unknown kind of step";
  }
}

/** What started a run. */
export function startedBy(trigger: { type?: string }): string {
  const words: Record<string, string> = {
    api: "by hand or API",
    cron: "by the clock",
    inbound: "by a push",
    feed: "by a feed",
    event: "by an event",
    workflow: "by another workflow",
  };
  return words[trigger.type ?? ""] ?? trigger.type ?? "unknown";
}
