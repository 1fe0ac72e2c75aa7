import { expect, it } from "vitest";
import type { Graph, GraphNode } from "@/shared/api/health";
import { arrange, cable, CROWD, layout, NODE, worst } from "./patchbay";

const node = (id: string, kind: GraphNode["kind"], extra: Partial<GraphNode> = {}): GraphNode => ({
  id,
  kind,
  name: id,
  state: "ok",
  age_ms: 1_000,
  ...extra,
});
const edge = (from: string, to: string, extra = {}) => ({
  from,
  to,
  state: "ok" as const,
  age_ms: 1_000,
  version: 1,
  ...extra,
});

const small: Graph = {
  nodes: [
    node("int_a", "integration", { provider: "rss", name: "Blog" }),
    node("int_b", "integration", { provider: "rest", name: "Orders" }),
    node("feed_a", "feed"),
    node("feed_b", "feed", { state: "failing" }),
    node("wcfg_a", "widget"),
    node("play_a", "player"),
  ],
  edges: [
    edge("int_a", "feed_a"),
    edge("int_b", "feed_b"),
    edge("feed_b", "wcfg_a"),
    edge("wcfg_a", "play_a"),
  ],
};

function crowd(integrations: number, feedsEach: number): Graph {
  const graph: Graph = { nodes: [], edges: [] };
  for (let i = 0; i < integrations; i++) {
    graph.nodes.push(
      node(`int_${i}`, "integration", { provider: i % 2 ? "rss" : "rest", name: `Source ${i}` }),
    );
    for (let j = 0; j < feedsEach; j++) {
      graph.nodes.push(
        node(`feed_${i}_${j}`, "feed", { state: i === 3 ? "failing" : "ok", age_ms: 100 * (j + 1) }),
      );
      graph.edges.push(
        edge(`int_${i}`, `feed_${i}_${j}`, { state: i === 3 ? "failing" : "ok", age_ms: 100 * (j + 1) }),
      );
    }
  }
  return graph;
}

it("shows few things as they are", () => {
  const shown = arrange(small);
  expect(shown.nodes.map(({ id, members }) => [id, members])).toEqual(small.nodes.map(({ id }) => [id, 1]));
  expect(shown.edges).toEqual(small.edges);
});

it("puts sources left, feeds beside what they come from, players right", () => {
  const { nodes, strip, width, height } = layout(arrange(small), { width: 1_000, height: 0 });
  const at = Object.fromEntries(nodes.map((placed) => [placed.id, placed]));
  expect(at.int_a!.x).toBe(0);
  expect(at.play_a!.x + strip.width).toBeCloseTo(width);
  expect([at.int_a!.x, at.feed_a!.x, at.wcfg_a!.x, at.play_a!.x]).toEqual(
    [...new Set(nodes.map(({ x }) => x))].sort((a, b) => a - b),
  );
  expect(Math.sign(at.int_a!.y - at.int_b!.y)).toBe(Math.sign(at.feed_a!.y - at.feed_b!.y));
  expect(height).toBe(NODE.row + NODE.height);
});

it("uses the room there is, up to a measure", () => {
  const of = (width: number, height: number) => layout(arrange(small), { width, height });
  expect(of(2_400, 4_000).strip).toEqual({ width: NODE.widest, height: NODE.highest });
  expect(of(2_400, 4_000).height).toBe(NODE.farthest + NODE.farthest - (NODE.row - NODE.height));
  expect(of(100, 0).strip).toEqual({ width: NODE.width, height: NODE.height });
  expect(of(1_300, 0).width).toBeCloseTo(1_300);
});

it("never puts two things in one place", () => {
  const { nodes } = layout(arrange(crowd(12, 4)), { width: 800, height: 600 });
  expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
});

it("gathers a crowd, and tells the worst and the oldest of it", () => {
  const shown = arrange(crowd(20, 5));
  expect(shown.nodes.length).toBeLessThanOrEqual(CROWD);
  const group = shown.nodes.find(({ id }) => id === "group:feed:int_3");
  expect(group).toMatchObject({ name: "Source 3", members: 5, state: "failing", age_ms: 500 });
  expect(shown.edges.find(({ to }) => to === "group:feed:int_3")).toMatchObject({
    from: "int_3",
    state: "failing",
    age_ms: 500,
  });
  expect(shown.shownAs.get("feed_3_1")).toBe("group:feed:int_3");
});

it("stays readable at five hundred", () => {
  const shown = arrange(crowd(100, 4));
  expect(shown.nodes.map(({ id, members }) => [id, members])).toEqual([
    ["group:integration:rest", 50],
    ["group:feed:rest", 200],
    ["group:integration:rss", 50],
    ["group:feed:rss", 200],
  ]);
});

it("opens a group when it is focused, with what it hangs on", () => {
  const shown = arrange(crowd(20, 5), { focus: "group:feed:int_3" });
  expect(shown.nodes.map(({ id }) => id).sort()).toEqual([
    "feed_3_0",
    "feed_3_1",
    "feed_3_2",
    "feed_3_3",
    "feed_3_4",
    "int_3",
  ]);
});

it("finds by name and provider, and shows what is connected", () => {
  const ids = (search: string) => arrange(small, { search }).nodes.map(({ id }) => id);
  expect(ids("orders")).toEqual(["int_b", "feed_b", "wcfg_a", "play_a"]);
  expect(ids("RSS")).toEqual(["int_a", "feed_a"]);
  expect(ids("nothing")).toEqual([]);
});

it("knows the worst of several states", () => {
  expect(worst(["ok", "failing", "stale"])).toBe("failing");
  expect(worst(["off", "ok"])).toBe("ok");
  expect(worst([])).toBe("off");
});

it("hangs a cable from jack to jack", () => {
  expect(cable(0, 10, 200, 30)).toMatch(/^M0.0 10.0C.* 200.0 30.0$/);
});
