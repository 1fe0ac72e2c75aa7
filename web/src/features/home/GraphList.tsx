import { Link } from "@tanstack/react-router";
import type { Graph, GraphNode } from "@/shared/api/health";
import { pathOf } from "@/shared/subject";
import { age } from "@/shared/time";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { useNow } from "@/shared/ui/Time";
import classes from "./GraphList.module.css";

/** The patch bay in words: each source, what comes from it, and who reads that. */
export function GraphList({ graph, readAt }: { graph: Graph; readAt: number }) {
  const targets = new Map<string, GraphNode[]>();
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  for (const { from, to } of graph.edges) {
    const target = byId.get(to);
    if (target) targets.set(from, [...(targets.get(from) ?? []), target]);
  }
  const fed = new Set(graph.edges.map(({ to }) => to));
  const roots = graph.nodes.filter(({ id, kind }) => kind === "integration" || !fed.has(id));
  return (
    <div className={`box ${classes.list}`}>
      <Branch nodes={roots} targets={targets} readAt={readAt} />
    </div>
  );
}

function Branch({
  nodes,
  targets,
  readAt,
}: {
  nodes: GraphNode[];
  targets: Map<string, GraphNode[]>;
  readAt: number;
}) {
  const now = useNow();
  return (
    <ul>
      {nodes.map((node) => {
        const next = targets.get(node.id);
        return (
          <li key={node.id}>
            <div className={classes.row}>
              {node.provider && <ProviderIcon provider={node.provider} size={20} />}
              <Link to={(pathOf(node.id) ?? "/") as "/"} className="break">
                {node.name}
              </Link>
              <span className="dim">{node.kind}</span>
              <span className={classes.state}>
                {typeof node.age_ms === "number" && (
                  <span className="dim">{age(node.age_ms + Math.max(0, now - readAt))}</span>
                )}
                <StateBadge state={node.state} />
              </span>
            </div>
            {next && <Branch nodes={next} targets={targets} readAt={readAt} />}
          </li>
        );
      })}
    </ul>
  );
}
