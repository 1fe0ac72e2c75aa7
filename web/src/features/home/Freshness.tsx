import { Fragment } from "react";
import type { Graph } from "@/shared/api/health";
import { Section } from "@/shared/ui/Page";
import classes from "./Home.module.css";

const steps: [string, number][] = [
  ["under 1 min", 60_000],
  ["under 5 min", 300_000],
  ["under 1 h", 3_600_000],
  ["under 1 d", 86_400_000],
  ["older", Infinity],
];

/** How old the documents are. */
export function Freshness({ graph }: { graph: Graph }) {
  const ages = graph.nodes
    .filter(({ kind, age_ms }) => kind === "feed" && typeof age_ms === "number")
    .map(({ age_ms }) => age_ms!);
  const bins = steps.map(([name, limit], index) => ({
    name,
    amount: ages.filter((age) => age < limit && age >= (steps[index - 1]?.[1] ?? 0)).length,
  }));
  return (
    <Section title="Freshness of the feeds">
      <div className={`box ${classes.bars}`}>
        {bins.map(({ name, amount }) => (
          <Fragment key={name}>
            <span className="dim">{name}</span>
            <span className={classes.bar} aria-hidden>
              <span style={{ width: `${ages.length ? (100 * amount) / ages.length : 0}%` }} />
            </span>
            <span>{amount}</span>
          </Fragment>
        ))}
      </div>
    </Section>
  );
}
