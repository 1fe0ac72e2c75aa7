import {
  Controls,
  Handle,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useNodesState,
  useReactFlow,
  type Edge,
  type Node,
  type NodeProps,
  type NodeTypes,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useElementSize } from "@mantine/hooks";
import { IconAlertTriangle, IconBolt, IconPlus } from "@tabler/icons-react";
import { createContext, use, useEffect, useMemo, useRef, useState } from "react";
import type { Definition, StepStatus } from "@/shared/api/workflows";
import { StateIcon } from "@/shared/ui/State";
import flow from "@/shared/ui/Flow.module.css";
import classes from "./Canvas.module.css";
import { mayMove, placeOf, rowOf } from "./definition";
import { kindOf } from "./kinds";
import { layout, type Drawn } from "./layout";
import { stepInWords } from "./words";

export interface CanvasProps {
  definition: Definition;
  /** What starts it, in words. */
  starts: string;
  selected?: string;
  onSelect: (at: string) => void;
  /** Left out where it is only looked at. */
  edit?: {
    insert: (row: string, index: number) => void;
    move: (from: string, row: string, index: number) => void;
  };
  /** How many things are wrong with a step. */
  wrong?: Map<string, number>;
  /** How steps went in a run, by their place in it. */
  states?: Map<string, StepStatus>;
}

type Shared = Omit<CanvasProps, "definition"> & { target?: string };
const SharedContext = createContext<Shared | null>(null);
const useShared = () => use(SharedContext)!;

type Data = Record<string, unknown> & { drawn: Drawn };
type Box = Node<Data>;

const nodeTypes: NodeTypes = {
  start: Start,
  end: End,
  step: Step,
  frame: Frame,
  lane: Lane,
  slot: Slot,
};
/** A step that is let go further from a slot than this goes back to where it was. */
const NEAR = 90;
/** Below this zoom words cannot be read: a large workflow is rather moved about in. */
const READABLE = 0.8;
const MARGIN = 24;

/** A workflow, drawn. The list of its steps says the same in words, and does the same by keyboard. */
export default function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ definition, ...shared }: CanvasProps) {
  const placed = useMemo(() => layout(definition), [definition]);
  const [nodes, setNodes, onNodesChange] = useNodesState<Box>([]);
  const [target, setTarget] = useState<string>();
  const { edit } = shared;
  const movable = !!edit;

  const drawn = useMemo(
    () =>
      placed.nodes.map((it): Box => ({
        id: it.id,
        type: it.kind,
        position: { x: it.x, y: it.y },
        parentId: it.parent,
        width: it.width,
        height: it.height,
        draggable: movable && (it.kind === "step" || it.kind === "frame"),
        selectable: false,
        data: { drawn: it },
      })),
    [placed, movable],
  );
  useEffect(() => setNodes(drawn), [drawn, setNodes]);

  const edges = useMemo(
    () =>
      placed.lines.map(({ from, to }): Edge => ({
        id: `${from} ${to}`,
        source: from,
        target: to,
        type: "straight",
        focusable: false,
      })),
    [placed],
  );
  // It begins at its beginning, as wide as can be read.
  const { ref, width } = useElementSize();
  const { setViewport } = useReactFlow();
  const began = useRef(false);
  useEffect(() => {
    if (began.current || width === 0) return;
    began.current = true;
    const zoom = Math.min(1, Math.max(READABLE, (width - 2 * MARGIN) / placed.width));
    void setViewport({ x: (width - placed.width * zoom) / 2, y: MARGIN, zoom });
  }, [width, placed.width, setViewport]);
  const slots = useMemo(() => centres(placed.nodes), [placed]);

  /** The slot that a dragged step is over. */
  const over = (node: Box) => {
    const it = node.data.drawn;
    const origin = it.parent ? absolute(placed.nodes, it.parent) : { x: 0, y: 0 };
    const x = origin.x + node.position.x + it.width / 2;
    const y = origin.y + node.position.y + Math.min(it.height, 62) / 2;
    return slots
      .filter(({ slot }) => mayMove(it.id, slot.row))
      .map(({ slot, ...at }) => ({ slot, far: Math.hypot(at.x - x, at.y - y) }))
      .filter(({ far }) => far < NEAR)
      .sort((a, b) => a.far - b.far)[0]?.slot;
  };

  return (
    <SharedContext value={{ ...shared, target }}>
      <div className={`${flow.flow} ${classes.canvas}`} ref={ref}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          onNodesChange={onNodesChange}
          onNodeDrag={(_, node) => setTarget(over(node)?.id)}
          onNodeDragStop={(_, node) => {
            const slot = over(node);
            setTarget(undefined);
            setNodes(drawn);
            if (slot) edit?.move(node.id, slot.row, slot.index);
          }}
          isValidConnection={({ source, target }) =>
            source !== target && source.startsWith("/") && mayMove(target, rowOf(source).row)
          }
          onConnect={({ source, target }) => {
            const { row, index } = rowOf(source);
            edit?.move(target, row, index + 1);
          }}
          nodesConnectable={movable}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          onlyRenderVisibleElements={nodes.length > 300}
          minZoom={0.1}
          maxZoom={1.5}
          panOnScroll
          deleteKeyCode={null}
          aria-label="The workflow, drawn. The list beside it says and does the same."
        >
          <Controls showInteractive={false} position="top-right" orientation="horizontal" />
        </ReactFlow>
      </div>
    </SharedContext>
  );
}

function absolute(nodes: Drawn[], id: string): { x: number; y: number } {
  const it = nodes.find((node) => node.id === id);
  if (!it) return { x: 0, y: 0 };
  const origin = it.parent ? absolute(nodes, it.parent) : { x: 0, y: 0 };
  return { x: origin.x + it.x, y: origin.y + it.y };
}

type SlotBox = Extract<Drawn, { kind: "slot" }>;

const centres = (nodes: Drawn[]) =>
  nodes
    .filter((it): it is SlotBox => it.kind === "slot")
    .map((slot) => {
      const { x, y } = absolute(nodes, slot.id);
      return { slot, x: x + slot.width / 2, y: y + slot.height / 2 };
    });

const Ends = ({ in: into = true, out = true, seen = false }) => (
  <>
    {into && (
      <Handle type="target" position={Position.Top} className={seen ? classes.handle : classes.unseen} />
    )}
    {out && (
      <Handle type="source" position={Position.Bottom} className={seen ? classes.handle : classes.unseen} />
    )}
  </>
);

function Start() {
  const { starts, onSelect, selected } = useShared();
  return (
    <>
      <button
        type="button"
        className={classes.start}
        aria-pressed={selected === "start"}
        onClick={() => onSelect("start")}
      >
        <IconBolt size={20} stroke={1.7} className={classes.icon} aria-hidden />
        <span className={classes.words}>
          <span className={classes.name}>Starts</span>
          <span className={classes.what} title={starts}>
            {starts}
          </span>
        </span>
      </button>
      <Ends in={false} />
    </>
  );
}

function End() {
  return (
    <>
      <div className={classes.end}>End</div>
      <Ends out={false} />
    </>
  );
}

function Slot({ data }: NodeProps<Box>) {
  const { edit, target } = useShared();
  const it = data.drawn as SlotBox;
  return (
    <>
      {edit ? (
        <button
          type="button"
          className={classes.slot}
          data-target={target === it.id}
          aria-label={it.label}
          onClick={() => edit.insert(it.row, it.index)}
        >
          <IconPlus size={13} stroke={2.4} />
        </button>
      ) : (
        <span className={classes.point} />
      )}
      <Ends />
    </>
  );
}

type StepBox = Extract<Drawn, { kind: "step" | "frame" }>;

function StepButton({ box: { step, at } }: { box: StepBox }) {
  const { selected, onSelect, wrong, states } = useShared();
  const kind = kindOf(step.type);
  const Mark = kind.icon;
  const errors = wrong?.get(at) ?? 0;
  const state = states && (states.get(placeOf(at)) ?? "none");
  return (
    <button
      type="button"
      className={classes.step}
      aria-pressed={selected === at}
      data-wrong={errors > 0}
      data-state={state}
      onClick={() => onSelect(at)}
    >
      <Mark size={20} stroke={1.7} className={classes.icon} aria-hidden />
      <span className={classes.words}>
        <span className={classes.name}>{step.name || kind.title}</span>
        <span className={classes.what}>{stepInWords(step)}</span>
      </span>
      {errors > 0 && (
        <span className={classes.wrong} role="img" aria-label={`${errors} wrong`}>
          <IconAlertTriangle size={15} aria-hidden /> {errors}
        </span>
      )}
      {state && state !== "none" && <StateIcon state={state} size={17} />}
    </button>
  );
}

function Step({ data }: NodeProps<Box>) {
  const { edit } = useShared();
  return (
    <>
      <StepButton box={data.drawn as StepBox} />
      <Ends seen={!!edit} />
    </>
  );
}

function Frame({ data }: NodeProps<Box>) {
  const { edit } = useShared();
  return (
    <>
      <div className={classes.frame}>
        <StepButton box={data.drawn as StepBox} />
      </div>
      <Ends seen={!!edit} />
    </>
  );
}

function Lane({ data }: NodeProps<Box>) {
  const it = data.drawn as Extract<Drawn, { kind: "lane" }>;
  return (
    <div className={classes.lane}>
      <span className={classes.title} title={it.title}>
        {it.title}
      </span>
    </div>
  );
}
