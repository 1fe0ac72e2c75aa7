import { IconApps, IconDeviceTv, IconPlug, IconRss, IconStack2, type Icon } from "@tabler/icons-react";
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { Link } from "@tanstack/react-router";
import type { GraphKind } from "@/shared/api/health";
import { pathOf } from "@/shared/subject";
import { age } from "@/shared/time";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateIcon } from "@/shared/ui/State";
import { useNow } from "@/shared/ui/Time";
import classes from "./Board.module.css";
import type { Placed } from "./patchbay";

const icons: Record<GraphKind, Icon> = {
  integration: IconPlug,
  feed: IconRss,
  widget: IconApps,
  player: IconDeviceTv,
};

export interface StripData extends Record<string, unknown> {
  node: Placed;
  size: { width: number; height: number };
  readAt: number;
  onFocus: (id: string) => void;
}

/** One strip of the panel with its jacks. A group opens in place, anything else opens its page. */
export function Strip({ data }: NodeProps) {
  const { node, size, readAt, onFocus } = data as StripData;
  const now = useNow();
  const Mark = node.members > 1 ? IconStack2 : icons[node.kind];
  const old = typeof node.age_ms === "number" ? age(node.age_ms + Math.max(0, now - readAt)) : undefined;
  const content = (
    <>
      {node.kind === "integration" && node.provider ? (
        <ProviderIcon provider={node.provider} size={26} />
      ) : (
        <Mark size={19} stroke={1.5} className="dim" aria-hidden />
      )}
      <span className={classes.words}>
        <span className={classes.title}>
          <span className={classes.name}>{node.name}</span>
          {node.members > 1 && <span className={classes.times}>× {node.members}</span>}
        </span>
        <span className={classes.state}>
          <StateIcon state={node.state} size={13} /> {node.state}
          {old && <span className="dim"> · {old}</span>}
        </span>
      </span>
    </>
  );
  const to = pathOf(node.id);
  return (
    <div
      className={classes.strip}
      data-state={node.state}
      data-group={node.members > 1}
      data-tall={size.height > 58}
      style={size}
    >
      {node.kind !== "integration" && (
        <Handle type="target" position={Position.Left} className={classes.jack} isConnectable={false} />
      )}
      {node.members > 1 ? (
        <button
          type="button"
          className={classes.inside}
          onClick={() => onFocus(node.id)}
          title={`${node.name}: show all ${node.members}`}
        >
          {content}
        </button>
      ) : (
        <Link to={(to ?? "/") as "/"} className={classes.inside} title={node.name} draggable={false}>
          {content}
        </Link>
      )}
      {node.kind !== "player" && (
        <Handle type="source" position={Position.Right} className={classes.jack} isConnectable={false} />
      )}
    </div>
  );
}
