import { Skeleton, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Graph, Status } from "@/shared/api/health";
import { pathOf } from "@/shared/subject";
import { Section } from "@/shared/ui/Page";
import { StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import classes from "./Home.module.css";

interface Need {
  id: string;
  name: string;
  state: string;
  why: string;
  at?: string;
}

const MOST = 8;

/** What a person has to look at, worst first. */
export function needsOf(status: Status, graph: Graph): Need[] {
  const needs: Need[] = [];
  for (const { id, name, status: state, last_error, credential_state } of status.integrations) {
    if (state === "failing")
      needs.push({ id, name, state, why: last_error?.message ?? "It fails.", at: last_error?.at });
    else if (credential_state === "invalid")
      needs.push({ id, name, state: "invalid", why: "Its credential is not accepted any more. Rotate it." });
    else if (credential_state === "missing")
      needs.push({ id, name, state: "missing", why: "It has no credential yet. Add one." });
  }
  // A feed whose integration is named already says nothing new.
  const named = new Set(needs.map(({ id }) => id));
  const source = new Map(graph.edges.map(({ from, to }) => [to, from]));
  for (const { id, kind, name, state } of graph.nodes) {
    if (kind !== "feed" || (state !== "failing" && state !== "stale") || named.has(source.get(id) ?? ""))
      continue;
    needs.push({
      id,
      name,
      state,
      why:
        state === "failing"
          ? "The last pulls failed; the last good document is shown."
          : "It is older than it should be.",
    });
  }
  const weight = ({ state }: Need) => (state === "failing" || state === "invalid" ? 0 : 1);
  return needs.sort((a, b) => weight(a) - weight(b));
}

export function Attention({ status, graph }: { status?: Status; graph: Graph }) {
  const needs = status && needsOf(status, graph);
  return (
    <Section
      title="Needs attention"
      aside={needs && needs.length > 0 && <Text size="xs">{needs.length}</Text>}
    >
      <div className="box">
        {!needs && <Skeleton height={60} />}
        {needs?.length === 0 && (
          <Text size="sm" className="dim">
            <IconCircleCheck size={16} style={{ verticalAlign: "-3px" }} aria-hidden /> Nothing. All cables
            are sound.
          </Text>
        )}
        {needs && needs.length > 0 && (
          <ul className={classes.items}>
            {needs.slice(0, MOST).map((need) => (
              <li key={need.id}>
                <StateIcon state={need.state} size={17} />
                <div className="min0">
                  <Link to={(pathOf(need.id) ?? "/status") as "/"} className="named">
                    <span className="clip">{need.name}</span>
                  </Link>
                  <Text size="xs" className="dim break" lineClamp={2} title={need.why}>
                    {need.why} {need.at && <Time at={need.at} />}
                  </Text>
                </div>
              </li>
            ))}
          </ul>
        )}
        {needs && needs.length > MOST && (
          <Text size="xs" mt={8}>
            <Link to="/status">and {needs.length - MOST} more</Link>
          </Text>
        )}
      </div>
    </Section>
  );
}
