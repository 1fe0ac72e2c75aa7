// What a person has to look at, worst first: integrations, accounts, feeds, and what else was asked of them.

import { isOver, nameOf } from "@/shared/account";
import type { Connection, Task } from "@/shared/api/connections";
import type { Graph, Status } from "@/shared/api/health";

export interface Need {
  id: string;
  name: string;
  state: string;
  why: string;
  at?: string;
  /** The account that is to be connected again. */
  reconnect?: string;
}

export interface Known {
  status: Status;
  graph: Graph;
  /** Those that are not as they should be. */
  connections: Connection[];
  /** Those that are open. */
  tasks: Task[];
}

export function needsOf({ status, graph, connections, tasks }: Known): Need[] {
  const needs: Need[] = connections.map((it) => ({
    id: it.id,
    name: nameOf(it) === it.subject || !it.subject ? nameOf(it) : `${nameOf(it)}, for ${it.subject}`,
    state: it.status,
    why: `${it.cause?.message ?? ""}${it.status === "degraded" ? " It is tried again by itself." : ""}`.trim(),
    at: it.status_since,
    reconnect: it.id,
  }));
  for (const { id, name, status: state, last_error, credential_state } of status.integrations) {
    if (state === "failing")
      needs.push({ id, name, state, why: last_error?.message ?? "It fails.", at: last_error?.at });
    else if (credential_state === "invalid")
      needs.push({ id, name, state: "invalid", why: "Its credential is not accepted any more. Rotate it." });
    else if (credential_state === "missing")
      needs.push({ id, name, state: "missing", why: "It has no credential yet. Add one." });
  }
  // What is named already says nothing new: a feed of an integration, a task about an account.
  const named = new Set(needs.map(({ id }) => id));
  const source = new Map(graph.edges.map(({ from, to }) => [to, from]));
  for (const { id, kind, name, state } of graph.nodes) {
    if (kind !== "feed" || (state !== "failing" && state !== "stale") || named.has(source.get(id) ?? ""))
      continue;
    needs.push({
      id,
      name,
      state,
      why:
        state === "failing"
          ? "The last pulls failed; the last good document is shown."
          : "It is older than it should be.",
    });
  }
  for (const { id, about, title, description, created_at } of tasks) {
    if (named.has(about)) continue;
    const reconnect = about.startsWith("conn_") ? about : undefined;
    needs.push({
      id: reconnect ?? id,
      name: title,
      state: "pending",
      why: description,
      at: created_at,
      reconnect,
    });
  }
  return needs.sort((a, b) => weight(a) - weight(b));
}

const weight = ({ state }: Need) =>
  isOver({ status: state }) || state === "failing" || state === "invalid" ? 0 : 1;
