import { describe, expect, it } from "vitest";
import type { Definition, Step, Workflow } from "@/shared/api/workflows";
import {
  changeTo,
  definitionOf,
  freeName,
  insert,
  mayMove,
  move,
  parsed,
  placeOf,
  remove,
  stepAt,
  stepOf,
  walk,
  withoutRounds,
  withValue,
} from "./definition";
import { layout } from "./layout";

const step = (name: string, more: Partial<Step> = {}): Step => ({ name, type: "transform", ...more });

const nested: Definition = {
  name: "Nested",
  steps: [
    step("first"),
    step("check", {
      type: "condition",
      config: { if: "{{ true }}", then: [step("yes"), step("also")] as never, else: [step("no")] as never },
    }),
    step("each", { type: "for_each", config: { items: [], steps: [step("one")] as never } }),
    step("at_once", { type: "parallel", config: { branches: { left: [step("l")], right: [] } as never } }),
    step("ways", {
      type: "switch",
      config: { value: 1, cases: [{ when: 1, steps: [step("w")] }], default: [step("d")] } as never,
      on_error: [step("mend")],
    }),
  ],
};
const names = (definition: Definition) => walk(definition).map((it) => it.step.name);

describe("a definition as a tree of rows", () => {
  it("is read in the order of its steps, with what they hold", () => {
    expect(names(nested).join(" ")).toBe("first check yes also no each one at_once l ways w d mend");
  });

  it.each([
    ["yes", "/steps/1/config/then/0", "1.then.0"],
    ["no", "/steps/1/config/else/0", "1.else.0"],
    ["one", "/steps/2/config/steps/0", "2[].0"],
    ["l", "/steps/3/config/branches/left/0", "3.left.0"],
    ["w", "/steps/4/config/cases/0/steps/0", "4.case0.0"],
    ["d", "/steps/4/config/default/0", "4.default.0"],
    ["mend", "/steps/4/on_error/0", "4.on_error.0"],
  ])("names the place of %s as the server does", (name, pointer, path) => {
    expect(stepAt(nested, pointer)?.name).toBe(name);
    expect(placeOf(pointer)).toBe(path);
  });

  it("knows a step of a run whatever the round", () => {
    expect(withoutRounds("2[13].0.then.1")).toBe("2[].0.then.1");
  });

  it("puts in, takes out, and leaves the one before as it was", () => {
    const grown = insert(nested, "/steps/1/config/then", 1, step("new"));
    expect(names(grown).join(" ")).toContain("yes new also");
    expect(names(remove(grown, "/steps/1/config/then/1"))).toEqual(names(nested));
    expect(names(nested)).not.toContain("new");
    // A row that was not written yet is made.
    expect(names(insert({ name: "", steps: [] }, "/steps", 0, step("a")))).toEqual(["a"]);
  });

  it.each([
    ["/steps/0", "/steps", 2, "no first each", "/steps/1"],
    ["/steps/2", "/steps", 0, "each one first", "/steps/0"],
    // Out of a frame to before it, whose pointer shifts meanwhile.
    ["/steps/1/config/then/0", "/steps", 0, "yes first check also", "/steps/0"],
    // Into a frame that moves up because what goes in stood before it.
    ["/steps/0", "/steps/1/config/then", 1, "check yes first also", "/steps/0/config/then/1"],
    ["/steps/1/config/then/1", "/steps/1/config/then", 0, "first check also yes", "/steps/1/config/then/0"],
  ])("moves %s into %s before %i", (from, row, index, order, at) => {
    const moved = move(nested, from, row, index);
    expect(names(moved.definition).join(" ")).toContain(order);
    expect(names(moved.definition)).toHaveLength(names(nested).length);
    expect(moved.at).toBe(at);
    expect(stepAt(moved.definition, at)?.name).toBe(stepAt(nested, from)?.name);
  });

  it("moves nothing into itself", () => {
    expect(mayMove("/steps/1", "/steps/1/config/then")).toBe(false);
    expect(mayMove("/steps/1", "/steps")).toBe(true);
    expect(move(nested, "/steps/1", "/steps/1/config/then", 0).definition).toBe(nested);
  });

  it("finds the step that an error is about", () => {
    expect(stepOf(nested, "/steps/1/config/then/1/name")).toBe("/steps/1/config/then/1");
    expect(stepOf(nested, "/steps/1/config/if")).toBe("/steps/1");
    expect(stepOf(nested, "/triggers/0/cron")).toBeUndefined();
  });

  it("gives names that no step has", () => {
    expect(freeName(nested, "send")).toBe("send");
    expect(freeName(nested, "yes")).toBe("yes_2");
  });

  it("reads whatever people have typed so far", () => {
    expect(parsed("{")).toBeUndefined();
    expect(parsed("[]")).toBeUndefined();
    for (const text of [
      '{"steps": 3}',
      '{"steps": [null, 7, {"type": "parallel"}]}',
      '{"steps": [{"type": "switch", "config": []}]}',
    ])
      expect(() => layout(parsed(text)!)).not.toThrow();
  });

  it("takes away what is gone", () => {
    const { id, ...rest } = {
      id: "wf_1",
      enabled: true,
      version: 2,
      created_at: "",
      updated_at: "",
      triggers: [],
    };
    const read = definitionOf({ id, ...rest, ...nested, description: "" } as Workflow);
    expect(read).toEqual(nested);
    expect(changeTo({ ...nested, timeout: "1h" }, nested)).toEqual({ ...nested, timeout: null });
    expect(withValue(nested, "/name", undefined)).not.toHaveProperty("name");
  });
});

describe("the drawing", () => {
  const drawn = layout(nested);

  it("holds every step once, and frames before what is in them", () => {
    const at = drawn.nodes.flatMap((node) => ("at" in node ? [node.at] : []));
    expect(at.toSorted()).toEqual(
      walk(nested)
        .map((it) => it.at)
        .toSorted(),
    );
    drawn.nodes.forEach((node, index) => {
      if (node.parent) expect(drawn.nodes.findIndex(({ id }) => id === node.parent)).toBeLessThan(index);
    });
  });

  it("has a slot before, between and after the steps of each row", () => {
    const slots = drawn.nodes.filter(({ kind }) => kind === "slot");
    const steps = walk(nested);
    const rows = new Set(steps.map(({ row }) => row));
    const empty = 1; // the branch without steps
    expect(slots).toHaveLength(steps.length + rows.size + empty);
  });

  it("lets nothing stick out of its frame, and nothing lie on its neighbour", () => {
    const byId = new Map(drawn.nodes.map((node) => [node.id, node]));
    for (const node of drawn.nodes) {
      const frame = node.parent ? byId.get(node.parent)! : { width: drawn.width, height: drawn.height };
      expect(node.x).toBeGreaterThanOrEqual(0);
      expect(node.x + node.width).toBeLessThanOrEqual(frame.width);
      expect(node.y + node.height).toBeLessThanOrEqual(frame.height);
    }
    const lanes = drawn.nodes.filter(({ kind, parent }) => kind === "lane" && parent === "/steps/1");
    expect(lanes[0]!.x + lanes[0]!.width).toBeLessThanOrEqual(lanes[1]!.x);
  });

  it("joins what follows each other by lines that lead from one end to the other", () => {
    const from = new Map(drawn.lines.map((line) => [line.from, line.to]));
    let here = "start";
    const way = [here];
    while (from.has(here)) way.push((here = from.get(here)!));
    expect(way.at(-1)).toBe("end");
    expect(way.filter((id) => /^\/steps\/\d$/.test(id))).toHaveLength(nested.steps.length);
  });

  it("draws a thousand steps in no time", () => {
    const many = { name: "Many", steps: Array.from({ length: 1_000 }, (_, at) => step(`s${at}`)) };
    expect(layout(many).nodes).toHaveLength(2_003);
  });
});
