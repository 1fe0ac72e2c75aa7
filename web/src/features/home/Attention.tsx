import { Button, Skeleton, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Connection, ConnectionState } from "@/shared/api/connections";
import type { Graph, Status } from "@/shared/api/health";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { pathOf } from "@/shared/subject";
import { useOpenTasks } from "@/shared/tasks";
import { Section } from "@/shared/ui/Page";
import { Reconnect } from "@/shared/ui/Reconnect";
import { StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import classes from "./Home.module.css";
import { needsOf, type Need } from "./needs";

const FEW = 6;

const useIn = (status: ConnectionState) => useListing<Connection>("/connections", { status });

/** What a person has to look at, each with its way out. */
export function Attention({ status, graph }: { status?: Status; graph: Graph }) {
  const [all, { toggle }] = useDisclosure();
  const ended = [useIn("expired"), useIn("revoked"), useIn("degraded")];
  const connections = ended.flatMap(({ rows }) => rows);
  const tasks = useOpenTasks().rows;
  const isKnown = status && !ended.some(({ pending }) => pending);
  const needs = isKnown && needsOf({ status, graph, connections, tasks });
  return (
    <Section
      title="Needs attention"
      aside={needs && needs.length > 0 && <Text size="xs">{needs.length}</Text>}
    >
      <div className="box">
        {!needs && <Skeleton height={60} />}
        {needs && needs.length === 0 && (
          <Text size="sm" className="dim">
            <IconCircleCheck size={16} style={{ verticalAlign: "-3px" }} aria-hidden /> Nothing. All cables
            are sound.
          </Text>
        )}
        {needs && needs.length > 0 && (
          <ul className={classes.items}>
            {needs.slice(0, all ? undefined : FEW).map((need) => (
              <li key={need.id}>
                <Item need={need} />
              </li>
            ))}
          </ul>
        )}
        {needs && needs.length > FEW && (
          <Button size="compact-xs" variant="subtle" mt={8} ml={-6} onClick={toggle} aria-expanded={all}>
            {all ? "Fewer" : `${needs.length - FEW} more`}
          </Button>
        )}
      </div>
    </Section>
  );
}

function Item({ need }: { need: Need }) {
  const may = useMay("editor");
  return (
    <>
      <StateIcon state={need.state} size={17} />
      <div className="min0">
        <Link to={(pathOf(need.id) ?? "/status") as "/"} className="named">
          <span className="break">{need.name}</span>
        </Link>
        <Text size="xs" className="dim break" lineClamp={3} title={need.why}>
          {need.why} {need.at && <Time at={need.at} />}
        </Text>
        {may && need.reconnect && (
          <Reconnect id={need.reconnect} name={need.name} size="compact-xs" variant="default" mt={5} />
        )}
      </div>
    </>
  );
}
