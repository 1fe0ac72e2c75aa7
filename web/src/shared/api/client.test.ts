import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { address, api, ApiError, caller } from "./client";
import { frames } from "./stream";

const server = setupServer();
const base = window.location.origin;
beforeAll(() => {
  // Outside of a browser nobody completes an address.
  const send = globalThis.fetch;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => send(new URL(path, base), init));
  server.listen({ onUnhandledRequest: "error" });
});
afterEach(() => {
  server.resetHandlers();
  Object.assign(caller, { csrf: undefined, workspace: undefined, expired: () => {} });
});
afterAll(() => server.close());

const refuse = (status: number, problem: object) =>
  HttpResponse.json(problem, {
    status,
    headers: { "Content-Type": "application/problem+json", "Retry-After": "7" },
  });
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ApiError) => error,
  );

it("says who asks and where, and proves it only when something changes", async () => {
  Object.assign(caller, { csrf: "token", workspace: "ws_1" });
  const seen: Record<string, string | null>[] = [];
  server.use(
    http.all(`${base}/api/v1/feeds`, ({ request }) => {
      seen.push({
        csrf: request.headers.get("X-Patchbay-CSRF"),
        workspace: request.headers.get("X-Patchbay-Workspace"),
      });
      return HttpResponse.json({});
    }),
  );
  await api.get("/feeds");
  await api.post("/feeds", {});
  expect(seen).toEqual([
    { csrf: null, workspace: "ws_1" },
    { csrf: "token", workspace: "ws_1" },
  ]);
});

it("turns a problem into an error with its code and fields", async () => {
  server.use(
    http.post(`${base}/api/v1/feeds`, () =>
      refuse(422, {
        title: "No",
        status: 422,
        code: "request.invalid",
        detail: "Why",
        errors: [{ pointer: "/name", message: "needed" }],
      }),
    ),
  );
  const error = await caught(api.post("/feeds", {}));
  expect(error).toMatchObject({
    status: 422,
    code: "request.invalid",
    title: "No",
    message: "Why",
    retryAfter: 7,
    errors: [{ pointer: "/name", message: "needed" }],
  });
});

it("names an answer that is not ours by its status", async () => {
  server.use(
    http.get(
      `${base}/api/v1/feeds`,
      () => new HttpResponse("<html>", { status: 502, statusText: "Bad Gateway" }),
    ),
  );
  expect(await caught(api.get("/feeds"))).toMatchObject({
    status: 502,
    code: "http.502",
    title: "Bad Gateway",
  });
});

it("tells when the session has ended, and not when the login was wrong", async () => {
  const expired = vi.fn();
  caller.expired = expired;
  server.use(http.post(`${base}/api/v1/session`, () => refuse(401, { title: "No", code: "auth.bad_login" })));
  await caught(api.post("/session", {}));
  expect(expired).not.toHaveBeenCalled();
  server.use(
    http.get(`${base}/api/v1/feeds`, () => refuse(401, { title: "No", code: "auth.unauthenticated" })),
  );
  await caught(api.get("/feeds"));
  expect(expired).toHaveBeenCalledOnce();
});

it("says that the server cannot be reached", async () => {
  server.use(http.get(`${base}/api/v1/feeds`, () => HttpResponse.error()));
  expect(await caught(api.get("/feeds"))).toMatchObject({ status: 0, code: "network.unreachable" });
});

it("takes an answer without a body", async () => {
  server.use(http.delete(`${base}/api/v1/feeds/feed_1`, () => new HttpResponse(null, { status: 204 })));
  expect(await api.delete("/feeds/feed_1")).toBeUndefined();
});

it("leaves empty parameters out of the address", () => {
  expect(address("/feeds", { search: "a b", status: undefined, cursor: null, sort: "", limit: 5 })).toBe(
    "/api/v1/feeds?search=a+b&limit=5",
  );
});

it.each([
  [
    "whole frames",
    "id: 1\nevent: feed.updated\ndata: {}\n\n",
    [{ id: "1", event: "feed.updated", data: "{}" }],
    "",
  ],
  ["a frame in two halves", "data: a\n\ndata: b", [{ data: "a" }], "data: b"],
  ["several data lines", "data: a\ndata: b\n\n", [{ data: "a\nb" }], ""],
  ["comments and line ends of all kinds", ": hello\r\n\r\ndata:x\r\n\r\n", [{ data: "x" }], ""],
])("cuts a stream into %s", (_what, text, expected, rest) => {
  const seen: unknown[] = [];
  expect(frames(text, (frame) => seen.push(frame))).toBe(rest);
  expect(seen).toEqual(expected);
});
