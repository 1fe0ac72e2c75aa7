import { expect, it } from "vitest";
import type { Connection, Task } from "@/shared/api/connections";
import type { Graph, IntegrationHealth, Status } from "@/shared/api/health";
import { needsOf, type Known } from "./needs";

const integration = (id: string, change: Partial<IntegrationHealth>): IntegrationHealth => ({
  id,
  name: id,
  provider: "rest",
  status: "ok",
  last_sync_at: null,
  last_error: null,
  credential_state: "valid",
  feeds: {},
  ...change,
});
const connection = (id: string, status: Connection["status"], change: Partial<Connection> = {}) =>
  ({
    id,
    provider: "spotify",
    subject: "aurel",
    status,
    cause: { code: "x", message: "It has ended." },
    status_since: "2026-01-01T00:00:00Z",
    account: { id: "1", name: "Aurel" },
    ...change,
  }) as Connection;
const task = (id: string, about: string) =>
  ({ id, about, title: `Do ${id}`, description: "Because.", created_at: "2026-01-01T00:00:00Z" }) as Task;

const known = (change: Partial<Known> & { integrations?: IntegrationHealth[] }): Known => ({
  status: { integrations: change.integrations ?? [], totals: {}, throughput: [] } as Status,
  graph: { nodes: [], edges: [] },
  connections: [],
  tasks: [],
  ...change,
});
const told = (change: Parameters<typeof known>[0]) =>
  needsOf(known(change)).map(({ id, state, reconnect }) => [id, state, reconnect]);

it("is nothing where all is well", () =>
  expect(told({ integrations: [integration("int_1", {})] })).toEqual([]));

it("is what ended or fails before what works badly or waits", () => {
  expect(
    told({
      connections: [connection("conn_1", "degraded"), connection("conn_2", "revoked")],
      integrations: [
        integration("int_1", { credential_state: "missing" }),
        integration("int_2", { status: "failing" }),
      ],
      tasks: [task("task_1", "int_1")],
    }),
  ).toEqual([
    ["conn_2", "revoked", "conn_2"],
    ["int_2", "failing", undefined],
    ["conn_1", "degraded", "conn_1"],
    ["int_1", "missing", undefined],
  ]);
});

it("names a task unless what it is about is named, and its way out", () => {
  const connections = [connection("conn_1", "expired")];
  const tasks = [task("task_1", "conn_1"), task("task_2", "conn_2"), task("task_3", "somewhere")];
  expect(told({ connections, tasks })).toEqual([
    ["conn_1", "expired", "conn_1"],
    ["conn_2", "pending", "conn_2"],
    ["task_3", "pending", undefined],
  ]);
});

it("says whose account it is, and that a bad one is tried again", () => {
  const [need] = needsOf(known({ connections: [connection("conn_1", "degraded")] }));
  expect([need?.name, need?.why]).toEqual(["Aurel, for aurel", "It has ended. It is tried again by itself."]);
});

it("leaves out the feeds of an integration that is named", () => {
  const graph: Graph = {
    nodes: [
      { id: "feed_1", kind: "feed", name: "One", state: "failing" },
      { id: "feed_2", kind: "feed", name: "Two", state: "stale" },
    ],
    edges: [{ from: "int_1", to: "feed_1", state: "failing", age_ms: null, version: null }],
  };
  expect(told({ integrations: [integration("int_1", { status: "failing" })], graph })).toEqual([
    ["int_1", "failing", undefined],
    ["feed_2", "stale", undefined],
  ]);
});
