import { EdgeLabelRenderer, type Edge, type EdgeProps } from "@xyflow/react";
import type { State } from "@/shared/api/integrations";
import { age as aged } from "@/shared/time";
import { StateIcon } from "@/shared/ui/State";
import { useNow } from "@/shared/ui/Time";
import classes from "./Board.module.css";
import { cable, labelAt } from "./patchbay";
import { usePulses } from "./pulses";

export type CableData = { state: State; age: number | undefined; readAt: number; crowded: boolean };

/** A cord between two jacks: its state by colour and pattern, its age in the middle, a light when data passes. */
export function Cable({ id, sourceX, sourceY, targetX, targetY, data }: EdgeProps<Edge<CableData>>) {
  const now = useNow();
  const pulses = usePulses(id);
  const { state, age, readAt, crowded } = data!;
  const path = cable(sourceX, sourceY, targetX, targetY);
  const [x, y] = labelAt(sourceX, sourceY, targetX, targetY);
  const good = state === "ok";
  return (
    <>
      <path d={path} className={classes.shadow} />
      <path d={path} className={classes.cord} data-state={state} />
      {pulses > 0 && (
        <g key={pulses}>
          <path d={path} className={classes.flash} />
          <circle r={5} className={classes.light} style={{ offsetPath: `path("${path}")` }} />
        </g>
      )}
      {(!crowded || !good) && (age !== undefined || !good) && (
        <EdgeLabelRenderer>
          <span
            className={classes.tag}
            data-state={state}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {!good && <StateIcon state={state} size={12} />}
            {age === undefined ? state : aged(age + Math.max(0, now - readAt))}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
