// What the running stream means for the pages: whether it is live, and which data it made old.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { listen, onEvent } from "./api/stream";
import type { EventEntry } from "./api/health";

/** Which queries an event makes old, by the first word of its kind. */
const touched: Record<string, string[]> = {
  feed: ["feeds", "graph", "status", "widget-configs", "events"],
  integration: ["integrations", "graph", "status"],
  credential: ["credentials", "integrations", "status"],
  connection: ["connections", "tasks", "integrations", "subjects", "metrics", "kpis", "drifts"],
  task: ["tasks"],
  metrics: ["metrics", "subjects", "connections", "kpis", "drifts"],
  drift: ["drifts"],
  subscription: ["subscriptions"],
  inbound: ["inbound-events", "status"],
  widget: ["widgets", "widget-configs", "graph"],
  widget_config: ["widgets", "widget-configs", "graph"],
  player: ["players", "graph"],
  notification: ["notifications"],
  webhook: ["webhooks", "deliveries"],
  execution: ["executions", "notifications"],
  api_key: ["api-keys"],
  member: ["members"],
};

export const queriesOf = (kind: string) => touched[kind.split(".")[0] ?? ""] ?? [];

/** Opens the stream and refreshes what it touches, at most once in `pause` milliseconds. */
export function useStream(pause = 1_500): boolean {
  const queries = useQueryClient();
  const [live, setLive] = useState(false);

  useEffect(() => {
    const waiting = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      waiting.forEach((key) => void queries.invalidateQueries({ queryKey: [key] }));
      waiting.clear();
    };
    const forget = onEvent((event) => {
      // The server could not say everything that happened: all of it may be old.
      if (event.kind === "resync") return void queries.invalidateQueries();
      queriesOf(event.kind).forEach((key) => waiting.add(key));
      if (waiting.size > 0) timer ??= setTimeout(flush, pause);
    });
    const stop = listen(setLive);
    return () => {
      stop();
      forget();
      clearTimeout(timer);
    };
  }, [queries, pause]);
  return live;
}

/** Calls `react` for each event of the workspace while the component is shown. */
export function useEvents(react: (event: EventEntry) => void) {
  useEffect(() => onEvent(react), [react]);
}
