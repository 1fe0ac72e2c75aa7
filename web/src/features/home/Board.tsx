import { useElementSize } from "@mantine/hooks";
import {
  Controls,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type EdgeTypes,
  type Node,
  type NodeTypes,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useCallback, useEffect, useMemo } from "react";
import { useEvents } from "@/shared/live";
import type { EventEntry } from "@/shared/api/health";
import classes from "./Board.module.css";
import { Cable, type CableData } from "./Cable";
import { layout, type Placed, type Shown } from "./patchbay";
import { pulse } from "./pulses";
import { Strip } from "./Strip";

const nodeTypes: NodeTypes = { strip: Strip };
const edgeTypes: EdgeTypes = { cable: Cable };
const MARGIN = 16;

export interface BoardProps {
  shown: Shown;
  /** When the graph was read; ages count on from then. */
  readAt: number;
  onFocus: (id: string) => void;
}

/** The patch bay, drawn. */
export default function Board(props: BoardProps) {
  return (
    <ReactFlowProvider>
      <Drawn {...props} />
    </ReactFlowProvider>
  );
}

function Drawn({ shown, readAt, onFocus }: BoardProps) {
  const { ref, width } = useElementSize();
  const { setViewport } = useReactFlow();
  const room = Math.max(0, width - 2 * MARGIN);
  const placed = useMemo(() => layout(shown, room), [shown, room]);
  const zoom = Math.min(1, room / Math.max(1, placed.width));
  const height = Math.min(Math.max(220, placed.height * zoom + 2 * MARGIN + 8), 760);
  const clipped = placed.height * zoom + 2 * MARGIN > height + 8;

  const nodes = useMemo(
    () =>
      placed.nodes.map((node): Node => ({
        id: node.id,
        type: "strip",
        position: { x: node.x, y: node.y },
        data: { node: node satisfies Placed, readAt, onFocus },
      })),
    [placed, readAt, onFocus],
  );
  const edges = useMemo(
    () =>
      shown.edges.map((edge): Edge<CableData> => ({
        id: `${edge.from} ${edge.to}`,
        source: edge.from,
        target: edge.to,
        type: "cable",
        data: { state: edge.state, age: edge.age_ms, readAt, crowded: shown.edges.length > 48 },
      })),
    [shown, readAt],
  );

  useEffect(() => {
    void setViewport({ x: MARGIN + (room - placed.width * zoom) / 2, y: MARGIN, zoom });
  }, [setViewport, zoom, room, placed.width]);

  // Data runs from the source to the screens: first into the feed, then out of it.
  const onLive = useCallback(
    (event: EventEntry) => {
      if (event.kind !== "feed.updated") return;
      const feed = shown.shownAs.get(event.subject);
      if (!feed) return;
      const names = (pick: (edge: Shown["edges"][number]) => boolean) =>
        shown.edges.filter(pick).map(({ from, to }) => `${from} ${to}`);
      const readers = new Set(shown.edges.filter(({ from }) => from === feed).map(({ to }) => to));
      pulse(names(({ to }) => to === feed));
      setTimeout(() => pulse(names(({ from }) => from === feed)), 550);
      setTimeout(() => pulse(names(({ from }) => readers.has(from))), 1_100);
    },
    [shown],
  );
  useEvents(onLive);

  return (
    <div ref={ref} className={classes.board} style={{ height }}>
      {width > 0 && (
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          defaultViewport={{ x: MARGIN, y: MARGIN, zoom }}
          minZoom={0.15}
          maxZoom={1.6}
          onlyRenderVisibleElements={nodes.length > 150}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          panOnDrag
          panOnScroll={clipped}
          zoomOnScroll={false}
          preventScrolling={clipped}
          aria-label="Patch bay: what feeds what. The list view says the same in words."
        >
          {(clipped || zoom < 0.8) && <Controls showInteractive={false} position="top-right" />}
        </ReactFlow>
      )}
    </div>
  );
}
