// The board of the home page, as decisions without a screen: which nodes are shown, what stands for
// many when there are too many, and where each one is.

import type { Graph, GraphEdge, GraphKind, GraphNode } from "@/shared/api/health";
import type { State } from "@/shared/api/integrations";

/** More than this many nodes are gathered into groups. */
export const CROWD = 60;

export interface ShownNode extends GraphNode {
  /** How many nodes it stands for; 1 unless it is a group. */
  members: number;
}

export interface Shown {
  nodes: ShownNode[];
  edges: GraphEdge[];
  /** The shown node that stands for each node of the graph. */
  shownAs: Map<string, string>;
}

export interface View {
  search?: string;
  /** A node or a group: only what is connected with it is shown. */
  focus?: string;
}

const gravity: State[] = ["off", "ok", "new", "pending", "stale", "failing"];
export const worst = (states: State[]): State =>
  states.reduce((a, b) => (gravity.indexOf(b) > gravity.indexOf(a) ? b : a), "off" as State);

export function arrange(graph: Graph, view: View = {}): Shown {
  let seen = graph;
  if (view.focus) seen = around(graph, membersOf(graph, view.focus));
  const words = view.search?.trim().toLowerCase();
  if (words)
    seen = around(
      seen,
      new Set(
        seen.nodes
          .filter(({ name, provider }) => `${name} ${provider ?? ""}`.toLowerCase().includes(words))
          .map(({ id }) => id),
      ),
    );
  let shown = gather(seen, () => undefined);
  // A focused group is opened, however large: who asks for it wants to see what is in it.
  if (view.focus?.startsWith("group:")) return shown;
  for (const key of keysOf(seen)) {
    if (shown.nodes.length <= CROWD) break;
    shown = gather(seen, key);
  }
  return shown;
}

type Key = (node: GraphNode) => string | undefined;

/** Ways to gather, from fine to coarse: feeds by integration, then all by provider. */
function keysOf({ nodes, edges }: Graph): Key[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sources = grouped(
    edges,
    ({ to }) => to,
    ({ from }) => from,
  );
  const providerOf = (id: string, depth = 0): string | undefined =>
    byId.get(id)?.provider ??
    (depth < 3
      ? sources
          .get(id)
          ?.map((from) => providerOf(from, depth + 1))
          .find(Boolean)
      : undefined) ??
    undefined;
  const byIntegration: Key = ({ id, kind }) => {
    const integration = kind === "feed" && sources.get(id)?.[0];
    return integration ? `group:feed:${integration}` : undefined;
  };
  const byProvider: Key = ({ id, kind }) => {
    const provider = kind === "player" ? undefined : providerOf(id);
    return provider
      ? `group:${kind}:${provider}`
      : kind === "player"
        ? "group:player:all"
        : `group:${kind}:other`;
  };
  return [byIntegration, byProvider];
}

function grouped<T>(items: T[], key: (item: T) => string, value: (item: T) => string): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const item of items) map.set(key(item), [...(map.get(key(item)) ?? []), value(item)]);
  return map;
}

function membersOf(graph: Graph, focus: string): Set<string> {
  if (!focus.startsWith("group:")) return new Set([focus]);
  const keys = keysOf(graph);
  return new Set(graph.nodes.filter((node) => keys.some((key) => key(node) === focus)).map(({ id }) => id));
}

/** What feeds the given nodes and what they feed. */
function around({ nodes, edges }: Graph, start: Set<string>): Graph {
  const kept = new Set(start);
  for (const [near, far] of [
    ["from", "to"],
    ["to", "from"],
  ] as const) {
    const reached = new Set(start);
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const edge of edges) if (reached.has(edge[near])) reached.add(edge[far]);
    }
    reached.forEach((id) => kept.add(id));
  }
  return {
    nodes: nodes.filter(({ id }) => kept.has(id)),
    edges: edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

const plurals: Record<GraphKind, string> = {
  integration: "integrations",
  feed: "feeds",
  widget: "widgets",
  player: "players",
};

/** Puts one node in the place of all that have the same key. A key that only one has changes nothing. */
function gather({ nodes, edges }: Graph, key: Key): Shown {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const id = key(node) ?? node.id;
    groups.set(id, [...(groups.get(id) ?? []), node]);
  }
  const shownAs = new Map<string, string>();
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const shown = [...groups].map(([id, members]): ShownNode => {
    const first = members[0]!;
    const shownId = members.length === 1 ? first.id : id;
    members.forEach((member) => shownAs.set(member.id, shownId));
    if (members.length === 1) return { ...first, members: 1 };
    const about = id.split(":")[2]!;
    const ages = members.map(({ age_ms }) => age_ms).filter((age) => typeof age === "number");
    return {
      id,
      kind: first.kind,
      provider: first.provider,
      name: names.get(about) ?? (about === "all" ? plurals[first.kind] : about),
      state: worst(members.map(({ state }) => state)),
      age_ms: ages.length ? Math.max(...ages) : null,
      members: members.length,
    };
  });
  const cables = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const from = shownAs.get(edge.from);
    const to = shownAs.get(edge.to);
    if (!from || !to) continue;
    const name = `${from} ${to}`;
    const other = cables.get(name);
    cables.set(name, {
      from,
      to,
      version: other ? null : edge.version,
      state: other ? worst([other.state, edge.state]) : edge.state,
      age_ms: other ? Math.max(other.age_ms ?? 0, edge.age_ms ?? 0) : edge.age_ms,
    });
  }
  return { nodes: shown, edges: [...cables.values()], shownAs };
}

/** Measures of a strip and of the distance between two; what has two sizes grows with the room there is. */
export const NODE = { width: 164, widest: 330, height: 50, highest: 62, row: 62, farthest: 96 };
const GAP = { least: 60, wished: 100, most: 420 };

export interface Placed extends ShownNode {
  x: number;
  y: number;
}

export interface Layout {
  nodes: Placed[];
  /** The size of each strip. */
  strip: { width: number; height: number };
  width: number;
  height: number;
}

/** How high the board has to be for so many strips in its tallest column. */
export const heightOf = (rows: number, row = NODE.row) => Math.max(0, rows * row - (NODE.row - NODE.height));
export const tallestOf = (nodes: ShownNode[]) =>
  Math.max(0, ...columns.map((kind) => nodes.filter((node) => node.kind === kind).length));

const columns: GraphKind[] = ["integration", "feed", "widget", "player"];

/** Sources on the left, players on the right; each beside what it hangs on, so that cables cross little. */
export function layout(
  { nodes, edges }: Pick<Shown, "nodes" | "edges">,
  room: { width: number; height: number },
): Layout {
  const used = columns
    .map((kind) => nodes.filter((node) => node.kind === kind))
    .filter((column) => column.length > 0);
  const gaps = Math.max(1, used.length - 1);
  const width = clamp((room.width - gaps * GAP.wished) / used.length, NODE.width, NODE.widest);
  const gap = clamp((room.width - used.length * width) / gaps, GAP.least, GAP.most);
  const tallest = tallestOf(nodes);
  const row = clamp((room.height + NODE.row - NODE.height) / Math.max(1, tallest), NODE.row, NODE.farthest);
  const strip = { width, height: Math.min(NODE.highest, row - (NODE.row - NODE.height)) };
  const sorted = untangle(used, edges, tallest);
  return {
    nodes: sorted.flatMap((column, index) => {
      const top = ((tallest - column.length) * row) / 2;
      return column.map((node, at): Placed => ({
        ...node,
        x: index * (width + gap),
        y: top + at * row,
      }));
    }),
    strip,
    width: used.length * width + Math.max(0, used.length - 1) * gap,
    height: heightOf(tallest, row),
  };
}

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** Sorts each column by where its neighbours are, to the right and back a few times (the barycentre rule). */
function untangle(used: ShownNode[][], edges: GraphEdge[], tallest: number): ShownNode[][] {
  const before = grouped(
    edges,
    ({ to }) => to,
    ({ from }) => from,
  );
  const after = grouped(
    edges,
    ({ from }) => from,
    ({ to }) => to,
  );
  const row = new Map<string, number>();
  const place = (column: ShownNode[]) =>
    column.forEach((node, index) => row.set(node.id, index + (tallest - column.length) / 2));
  const sortBy = (column: ShownNode[], neighbours: Map<string, string[]>) => {
    const weight = ({ id }: ShownNode) => {
      const rows = (neighbours.get(id) ?? []).map((other) => row.get(other)).filter((at) => at !== undefined);
      return rows.length
        ? rows.reduce((sum, at) => sum + at, 0) / rows.length
        : (row.get(id) ?? Number.MAX_SAFE_INTEGER);
    };
    const weights = new Map(column.map((node) => [node.id, weight(node)]));
    const next = [...column].sort(
      (a, b) => weights.get(a.id)! - weights.get(b.id)! || a.name.localeCompare(b.name),
    );
    place(next);
    return next;
  };
  // What somebody reads stands above what nobody does.
  const read = (node: ShownNode): number =>
    (after.get(node.id) ?? []).reduce((depth, id) => Math.max(depth, 1 + (after.get(id)?.length ? 1 : 0)), 0);
  const first = [...(used[0] ?? [])].sort((a, b) => read(b) - read(a) || a.name.localeCompare(b.name));
  place(first);
  const sorted = used.map((column, index) => (index === 0 ? first : column));
  for (let sweep = 0; sweep < 3; sweep++) {
    for (let at = 1; at < sorted.length; at++) sorted[at] = sortBy(sorted[at]!, before);
    if (sweep === 2) break;
    for (let at = sorted.length - 2; at >= 0; at--) sorted[at] = sortBy(sorted[at]!, after);
  }
  return sorted;
}

/** How a patch cord hangs between two jacks. */
export function cable(x1: number, y1: number, x2: number, y2: number): string {
  const reach = Math.max(40, Math.abs(x2 - x1) * 0.45);
  const sag = 6 + Math.min(22, Math.hypot(x2 - x1, y2 - y1) * 0.06);
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${at(x1, y1)}C${at(x1 + reach, y1 + sag)} ${at(x2 - reach, y2 + sag)} ${at(x2, y2)}`;
}

/** Where the label of a cord is: past the middle, where cords from one jack have parted. */
export function labelAt(x1: number, y1: number, x2: number, y2: number): [number, number] {
  const reach = Math.max(40, Math.abs(x2 - x1) * 0.45);
  const sag = 6 + Math.min(22, Math.hypot(x2 - x1, y2 - y1) * 0.06);
  const t = 0.62;
  const bezier = (a: number, b: number, c: number, d: number) =>
    (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
  return [bezier(x1, x1 + reach, x2 - reach, x2), bezier(y1, y1 + sag, y2 + sag, y2)];
}
