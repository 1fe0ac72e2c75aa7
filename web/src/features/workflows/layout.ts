// Where the steps of a definition stand on the canvas. Pure: a definition comes in, boxes and lines come
// out. A row runs downwards; a step that holds rows is a frame with a lane for each. Between two steps,
// before the first and after the last there is a slot, where a step is put in. Lines run from slot to step
// to slot.

import type { Definition, Step } from "@/shared/api/workflows";
import { lanesOf, ROOT, stepsIn, type Lane } from "./definition";

export const STEP = { width: 236, height: 62 };
const GAP = 40;
const SLOT = 20;
const PAD = 12;
const LANE_HEAD = 26;
const END = { width: 120, height: 30 };

interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** The frame that it stands in, of which x and y are counted. */
  parent?: string;
}

export type Drawn = Box &
  (
    | { kind: "start" }
    | { kind: "end" }
    | { kind: "step" | "frame"; step: Step; at: string }
    | { kind: "lane"; title: string }
    | { kind: "slot"; row: string; index: number; label: string }
  );

export interface Line {
  from: string;
  to: string;
}

interface Size {
  width: number;
  height: number;
}

interface Measured extends Size {
  step: Step;
  at: string;
  lanes: (Size & { lane: Lane; items: Measured[] })[];
}

function measure(steps: Step[], row: string): Measured[] {
  return steps.map((step, index) => {
    const at = `${row}/${index}`;
    const lanes = lanesOf(step, at).map((lane) => {
      const items = measure(lane.steps, lane.row);
      return { lane, items, ...sizeOf(items) };
    });
    if (lanes.length === 0) return { step, at, lanes, ...STEP };
    const inner = lanes.reduce((sum, { width }) => sum + width + PAD * 2, PAD * (lanes.length - 1));
    return {
      step,
      at,
      lanes,
      width: Math.max(STEP.width, inner) + PAD * 2,
      height: STEP.height + LANE_HEAD + Math.max(...lanes.map(({ height }) => height)) + PAD * 2,
    };
  });
}

const sizeOf = (items: Size[]): Size => ({
  width: Math.max(STEP.width, ...items.map(({ width }) => width)),
  height: GAP + items.reduce((sum, { height }) => sum + height + GAP, 0),
});

export const slotId = (row: string, index: number) => `${row}+${index}`;

export function layout(definition: Definition): {
  nodes: Drawn[];
  lines: Line[];
  width: number;
  height: number;
} {
  const items = measure(stepsIn(definition.steps), ROOT);
  const size = sizeOf(items);
  const nodes: Drawn[] = [];
  const lines: Line[] = [];

  const place = (
    items: Measured[],
    row: string,
    title: string,
    middle: number,
    top: number,
    parent?: string,
  ) => {
    let y = top;
    const slot = (index: number) => {
      const id = slotId(row, index);
      const before = items[index - 1];
      const label = before
        ? `Insert a step after ${before.step.name || "the unnamed step"}`
        : `Insert a step at the start${title && ` of ${title}`}`;
      nodes.push({
        kind: "slot",
        id,
        row,
        index,
        label,
        x: middle - SLOT / 2,
        y: y + (GAP - SLOT) / 2,
        width: SLOT,
        height: SLOT,
        parent,
      });
      y += GAP;
      return id;
    };
    let last = slot(0);
    items.forEach((item, index) => {
      lines.push({ from: last, to: item.at });
      const x = middle - item.width / 2;
      draw(item, x, y, parent);
      y += item.height;
      last = slot(index + 1);
      lines.push({ from: item.at, to: last });
    });
    return last;
  };

  const draw = ({ step, at, lanes, width, height }: Measured, x: number, y: number, parent?: string) => {
    const box = { id: at, step, at, x, y, width, height, parent };
    if (lanes.length === 0) return void nodes.push({ kind: "step", ...box });
    nodes.push({ kind: "frame", ...box });
    const inner = lanes.reduce((sum, { width }) => sum + width + PAD * 2, PAD * (lanes.length - 1));
    let left = (width - inner) / 2;
    for (const lane of lanes) {
      const wide = lane.width + PAD * 2;
      nodes.push({
        kind: "lane",
        id: `${lane.lane.row} lane`,
        title: lane.lane.title,
        x: left,
        y: STEP.height,
        width: wide,
        height: height - STEP.height - PAD,
        parent: at,
      });
      const title = `${lane.lane.title} in ${step.name || "the unnamed step"}`;
      place(lane.items, lane.lane.row, title, left + wide / 2, STEP.height + LANE_HEAD, at);
      left += wide + PAD;
    }
  };

  const middle = size.width / 2;
  nodes.push({ kind: "start", id: "start", x: middle - STEP.width / 2, y: 0, ...STEP });
  const last = place(items, ROOT, "", middle, STEP.height);
  lines.unshift({ from: "start", to: slotId(ROOT, 0) });
  const foot = STEP.height + size.height;
  nodes.push({ kind: "end", id: "end", x: middle - END.width / 2, y: foot, ...END });
  lines.push({ from: last, to: "end" });
  return { nodes, lines, width: size.width, height: foot + END.height };
}
