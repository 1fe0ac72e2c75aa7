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
import flow from "@/shared/ui/Flow.module.css";
import classes from "./Board.module.css";
import { Cable, type CableData } from "./Cable";
import { heightOf, layout, tallestOf, type Shown } from "./patchbay";
import { pulse } from "./pulses";
import { Strip, type StripData } from "./Strip";

const nodeTypes: NodeTypes = { strip: Strip };
const edgeTypes: EdgeTypes = { cable: Cable };
const MARGIN = 16;
/** A board that needs more than this is moved about in, by its own scrolling. */
const HIGHEST = 760;
/** Below this zoom names cannot be read: the board is rather wider than its frame. */
const READABLE = 0.8;
/** From this width on the board grows instead of the gaps on it. */
const ROOMY = 1_600;

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
  const { ref, width, height } = useElementSize();
  const { setViewport } = useReactFlow();
  const room = Math.max(0, width - 2 * MARGIN);
  const space = Math.max(0, height - 2 * MARGIN);
  const scale = Math.min(2, Math.max(1, room / ROOMY));
  const placed = useMemo(
    () => layout(shown, { width: room / scale, height: space / scale }),
    [shown, room, space, scale],
  );
  const zoom = Math.min(scale, Math.max(READABLE, room / Math.max(1, placed.width)));
  const wide = placed.width * zoom > room + 8;
  // Below a board that is moved about in, its buttons stand.
  const foot = wide ? 32 : 8;
  const least = Math.min(Math.max(220, heightOf(tallestOf(shown.nodes)) * zoom + 2 * MARGIN + foot), HIGHEST);
  const clipped = wide || placed.height * zoom > space + 8;
  const top = MARGIN + (wide ? 0 : Math.max(0, (space - placed.height * zoom) / 2));

  const nodes = useMemo(
    () =>
      placed.nodes.map((node): Node => ({
        id: node.id,
        type: "strip",
        position: { x: node.x, y: node.y },
        data: { node, size: placed.strip, readAt, onFocus } satisfies StripData,
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
        data: { state: edge.state, age: edge.age_ms ?? undefined, readAt, crowded: shown.edges.length > 48 },
      })),
    [shown, readAt],
  );

  useEffect(() => {
    void setViewport({ x: MARGIN + Math.max(0, (room - placed.width * zoom) / 2), y: top, zoom });
  }, [setViewport, zoom, room, top, placed.width]);

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
    <div ref={ref} className={`${flow.flow} ${classes.board}`} style={{ minHeight: least }}>
      {width > 0 && (
        <div className={classes.inner}>
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            defaultViewport={{ x: MARGIN, y: top, zoom }}
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
            {clipped && <Controls showInteractive={false} position="top-right" orientation="horizontal" />}
          </ReactFlow>
        </div>
      )}
    </div>
  );
}
