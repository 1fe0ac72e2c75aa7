// A definition as a tree of rows: a row is a list of steps in order, and a step may hold rows of its own.
// Places are JSON pointers into the definition, as the server's errors name them. Nothing is changed in
// place: each change gives a new definition.

import type { Definition, Step, Workflow } from "@/shared/api/workflows";
import type { Json } from "@/shared/api/integrations";

export interface Lane {
  /** What leads into it: `then`, `= 3`, `each`. */
  title: string;
  /** The pointer of its row. */
  row: string;
  steps: Step[];
}

export const ROOT = "/steps";

export const escaped = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (name: string) => name.replaceAll("~1", "/").replaceAll("~0", "~");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What can be drawn of a row: people write JSON, and half of it may be missing as they do. */
export const stepsIn = (value: unknown): Step[] => (Array.isArray(value) ? value.map(readable) : []);

function readable(value: unknown): Step {
  const it = isObject(value) ? value : {};
  const text = (field: unknown) => (typeof field === "string" ? field : "");
  return { ...it, name: text(it.name), type: text(it.type) } as Step;
}

const said = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));

/** The rows that a step holds. */
export function lanesOf(step: Step, at: string): Lane[] {
  const config: Record<string, unknown> = isObject(step.config) ? step.config : {};
  const lane = (title: string, place: string, steps: unknown): Lane => ({
    title,
    row: `${at}/${place}`,
    steps: stepsIn(steps),
  });
  const lanes: Lane[] = [];
  if (step.type === "condition")
    lanes.push(lane("then", "config/then", config.then), lane("else", "config/else", config.else));
  if (step.type === "for_each") lanes.push(lane("each", "config/steps", config.steps));
  if (step.type === "parallel" && isObject(config.branches))
    for (const [name, steps] of Object.entries(config.branches))
      lanes.push(lane(name, `config/branches/${escaped(name)}`, steps));
  if (step.type === "switch") {
    const cases: unknown[] = Array.isArray(config.cases) ? config.cases : [];
    cases.forEach((it, index) => {
      const { when, steps } = isObject(it) ? it : {};
      lanes.push(lane(`= ${said(when)}`, `config/cases/${index}/steps`, steps));
    });
    lanes.push(lane("else", "config/default", config.default));
  }
  if (Array.isArray(step.on_error)) lanes.push(lane("if it fails", "on_error", step.on_error));
  return lanes;
}

export interface Placed {
  step: Step;
  at: string;
  row: string;
  index: number;
  depth: number;
  /** What leads into its row, if that is not the workflow's own. */
  lane?: string;
}

/** Every step with its place, in the order of reading. */
export function walk(definition: Definition): Placed[] {
  const found: Placed[] = [];
  const visit = (steps: Step[], row: string, depth: number, lane?: string) =>
    steps.forEach((step, index) => {
      const at = `${row}/${index}`;
      found.push({ step, at, row, index, depth, lane });
      for (const { steps, row, title } of lanesOf(step, at)) visit(steps, row, depth + 1, title);
    });
  visit(stepsIn(definition.steps), ROOT, 0);
  return found;
}

const legs = (pointer: string) => pointer.split("/").slice(1).map(unescaped);

export function valueAt(root: unknown, pointer: string): unknown {
  return legs(pointer).reduce<unknown>(
    (value, leg) => (Array.isArray(value) ? value[Number(leg)] : isObject(value) ? value[leg] : undefined),
    root,
  );
}

/** With another value at a place; `undefined` takes it away. What leads there is made where it is missing. */
export function withValue<T>(root: T, pointer: string, value: unknown): T {
  const change = (here: unknown, [leg, ...rest]: string[]): unknown => {
    if (leg === undefined) return value;
    if (Array.isArray(here)) {
      const next = [...(here as unknown[])];
      next[Number(leg)] = change(next[Number(leg)], rest);
      return next;
    }
    const next: Record<string, unknown> = isObject(here) ? { ...here } : {};
    const changed = change(next[leg], rest);
    if (changed === undefined) delete next[leg];
    else next[leg] = changed;
    return next;
  };
  return change(root, legs(pointer)) as T;
}

export const stepAt = (definition: Definition, at: string): Step | undefined => {
  const found = valueAt(definition, at);
  return isObject(found) ? readable(found) : undefined;
};

export function rowOf(at: string): { row: string; index: number } {
  const cut = at.lastIndexOf("/");
  return { row: at.slice(0, cut), index: Number(at.slice(cut + 1)) };
}

const rowIn = (definition: Definition, row: string): unknown[] => {
  const found = valueAt(definition, row);
  return Array.isArray(found) ? found : [];
};

export const insert = (definition: Definition, row: string, index: number, step: Step): Definition =>
  withValue(definition, row, rowIn(definition, row).toSpliced(index, 0, step));

export function remove(definition: Definition, at: string): Definition {
  const { row, index } = rowOf(at);
  return withValue(definition, row, rowIn(definition, row).toSpliced(index, 1));
}

/** Where a place is after the row it goes through grew or shrank at `index`. */
function shifted(at: string, row: string, index: number, by: 1 | -1): string {
  if (!at.startsWith(`${row}/`)) return at;
  const [leg, ...rest] = at.slice(row.length + 1).split("/");
  const moved = Number(leg) >= index ? Number(leg) + by : Number(leg);
  return [row, moved, ...rest].join("/");
}

/** Whether a step may be moved there: not into itself. */
export const mayMove = (from: string, row: string) => row !== from && !row.startsWith(`${from}/`);

/** Takes a step to before `index` of a row; says where it is then. */
export function move(
  definition: Definition,
  from: string,
  row: string,
  index: number,
): { definition: Definition; at: string } {
  const step = stepAt(definition, from);
  if (!step || !mayMove(from, row)) return { definition, at: from };
  const grown = insert(definition, row, index, valueAt(definition, from) as Step);
  const old = shifted(from, row, index, 1);
  const left = rowOf(old);
  return { definition: remove(grown, old), at: shifted(`${row}/${index}`, left.row, left.index, -1) };
}

/** A name that no step has yet: `send`, `send_2`. */
export function freeName(definition: Definition, wanted: string): string {
  const taken = new Set(walk(definition).map(({ step }) => step.name));
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}_${count}`;
    if (!taken.has(name)) return name;
  }
}

/** Where a step stands in a run, with `[]` for the rounds of a loop: `/steps/3/config/steps/1` is `3[].1`. */
export const placeOf = (at: string) =>
  at
    .slice(ROOT.length + 1)
    .replace(/\/config\/cases\/(\d+)\/steps\//g, ".case$1.")
    .replace(/\/config\/branches\/([^/]+)\//g, ".$1.")
    .replace(/\/config\/steps\//g, "[].")
    .replace(/\/config\/(then|else|default)\//g, ".$1.")
    .replace(/\/on_error\//g, ".on_error.");

/** The path of a step in a run without the numbers of its rounds. */
export const withoutRounds = (path: string) => path.replace(/\[\d+\]/g, "[]");

/** The step that a pointer of the server's errors is about; nothing for what is of the workflow itself. */
export function stepOf(definition: Definition, pointer: string): string | undefined {
  return walk(definition)
    .map(({ at }) => at)
    .filter((at) => pointer === at || pointer.startsWith(`${at}/`))
    .at(-1);
}

/** What a workflow does, without what the server knows of it. */
export function definitionOf(workflow: Workflow): Definition {
  const { id, enabled, version, created_at, updated_at, ...definition } = workflow;
  void [id, enabled, version, created_at, updated_at];
  if (definition.triggers?.length === 0) delete definition.triggers;
  if (definition.description === "") delete definition.description;
  return definition;
}

/** What is sent to make one definition of another: what is gone is taken away. */
export const changeTo = (before: Definition, after: Definition): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(before).map((field) => [field, null])),
  ...after,
});

/** The definition in a text; nothing while it is none. */
export function parsed(text: string): Definition | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? (value as unknown as Definition) : undefined;
  } catch {
    return undefined;
  }
}
