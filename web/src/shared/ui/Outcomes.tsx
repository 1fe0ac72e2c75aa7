import { percent } from "../text";
import classes from "./Outcomes.module.css";

export type Outcome = "ok" | "failed" | "open";

/** The share of what ended that ended well; null while nothing has. */
export function shareOf(outcomes: Outcome[]): number | null {
  const ended = outcomes.filter((outcome) => outcome !== "open");
  return ended.length ? ended.filter((outcome) => outcome === "ok").length / ended.length : null;
}

/** How the last ones went, the newest first as they come, drawn with the newest at the right. */
export function Outcomes({ of, what }: { of: Outcome[]; what: string }) {
  const share = shareOf(of);
  if (of.length === 0) return <span className="dim">none yet</span>;
  const failed = of.filter((outcome) => outcome === "failed").length;
  const label = `Of the last ${of.length} ${what}, ${failed} failed`;
  return (
    <span className={classes.outcomes} title={label}>
      <span className={classes.marks} role="img" aria-label={label}>
        {of
          .slice(0, 20)
          .reverse()
          .map((outcome, at) => (
            <i key={at} className={classes.mark} data-outcome={outcome} />
          ))}
      </span>
      {share === null ? <span className="dim">–</span> : percent(share)}
    </span>
  );
}
