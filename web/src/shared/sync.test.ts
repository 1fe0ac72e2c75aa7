import { expect, it } from "vitest";
import type { SyncResult } from "./api/insight";
import { rowsOf, statesOf, withResults } from "./sync";

const subjects = [
  {
    subject: "mina",
    platforms: [
      { platform: "tiktok", connection_id: "conn_3", status: "active", last_date: null },
      { platform: "spotify", connection_id: "conn_2", status: "active", last_date: null },
    ],
  },
  {
    subject: "",
    platforms: [{ platform: "youtube", connection_id: "conn_1", status: "active", last_date: null }],
  },
];
const result = (connection_id: string, status: SyncResult["status"] = "success"): SyncResult => ({
  connection_id,
  platform: "x",
  subject: "",
  status,
  code: null,
  message: null,
  metrics_updated: 1,
});
const ids = (rows: { connection_id: string }[]) => rows.map(({ connection_id }) => connection_id);

it("reads a subject's accounts, or all of them, by subject and platform", () => {
  expect(ids(rowsOf(subjects, { workspace: true }))).toEqual(["conn_1", "conn_2", "conn_3"]);
  expect(ids(rowsOf(subjects, { subject: "mina" }))).toEqual(["conn_2", "conn_3"]);
  expect(ids(rowsOf(subjects, { subject: "" }))).toEqual(["conn_1"]);
});

it("says which are asked, which wait, and what came of those that answered", () => {
  const rows = Array.from({ length: 10 }, (_, at) => ({
    connection_id: `conn_${at}`,
    platform: "x",
    subject: "",
  }));
  const now = withResults(rows, [result("conn_4", "error"), result("conn_0")]);
  expect(statesOf(now)).toEqual([
    "success",
    ...Array<string>(3).fill("running"),
    "error",
    ...Array<string>(5).fill("running"),
  ]);
  expect(statesOf(rows).slice(7)).toEqual(["running", "waiting", "waiting"]);
});

it("shows an account that nobody expected", () => {
  const rows = withResults(rowsOf(subjects, { subject: "" }), [result("conn_1"), result("conn_9")]);
  expect(ids(rows)).toEqual(["conn_1", "conn_9"]);
  expect(rows.every((row) => row.result)).toBe(true);
});
