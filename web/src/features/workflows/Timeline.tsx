import { Text } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import type { Execution } from "@/shared/api/workflows";
import { duration } from "@/shared/time";
import { Empty } from "@/shared/ui/Empty";
import { StateBadge } from "@/shared/ui/State";
import { Time, useNow } from "@/shared/ui/Time";
import { kindOf } from "./kinds";
import { bars } from "./bars";
import classes from "./Timeline.module.css";

/** The steps in the order in which they were reached, and when each was at work. */
export function Timeline({ run, onOpen }: { run: Execution; onOpen: (path: string) => void }) {
  const now = useNow();
  const steps = bars(run, now);
  if (steps.length === 0)
    return (
      <div className="box">
        <Empty icon={IconRoute} title="No step has begun" small>
          {run.status === "queued" ? "It waits for its turn." : "It ended before its first step."}
        </Empty>
      </div>
    );
  return (
    <ol className={classes.timeline} aria-label="Steps">
      {steps.map(({ step, depth, left, width, took }) => {
        const Mark = kindOf(step.type).icon;
        return (
          <li key={step.path}>
            <button type="button" className={classes.step} onClick={() => onOpen(step.path)}>
              <span className={classes.name} style={{ paddingLeft: depth * 14 }}>
                <Mark size={16} stroke={1.7} aria-hidden />
                <span className="clip">{step.name}</span>
                {step.path.includes("[") && <span className="dim mono">{rounds(step.path)}</span>}
              </span>
              <StateBadge state={step.status} />
              <span className={classes.track} aria-hidden>
                <i
                  className={classes.bar}
                  data-status={step.status}
                  style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
                />
              </span>
              <span className={classes.took}>
                {took === null ? "–" : duration(took)}
                {step.attempts > 1 && <span className="dim"> · {step.attempts} attempts</span>}
              </span>
            </button>
            {step.error && (
              <Text size="xs" className={classes.error}>
                {step.error.message} <span className="mono">{step.error.code}</span>
                {step.next_attempt_at && (
                  <>
                    {" "}
                    · again <Time at={step.next_attempt_at} />
                  </>
                )}
              </Text>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** `3[5].1` → `#6`: which round it was, counted as people count. */
const rounds = (path: string) =>
  [...path.matchAll(/\[(\d+)\]/g)].map(([, round]) => `#${Number(round) + 1}`).join(" ");
