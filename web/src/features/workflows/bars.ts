import type { Execution, RunStep } from "@/shared/api/workflows";

export interface Bar {
  step: RunStep;
  /** How many steps it stands in. */
  depth: number;
  /** Of the whole of the run, 0 to 1. */
  left: number;
  width: number;
  /** Milliseconds; null for one that was left out. */
  took: number | null;
}

/** Where each step lies in the time of its run, which goes on until now while it is not over. */
export function bars(run: Execution, now: number): Bar[] {
  const steps = run.steps ?? [];
  const begins = Date.parse(run.started_at ?? run.created_at);
  const ends = run.ended_at ? Date.parse(run.ended_at) : now;
  const whole = Math.max(
    1,
    ends - begins,
    ...steps.map((step) => Date.parse(step.ended_at ?? step.started_at) - begins),
  );
  return steps.map((step) => {
    const from = Date.parse(step.started_at);
    const to = Math.max(from, step.ended_at ? Date.parse(step.ended_at) : ends);
    const left = Math.min(1, Math.max(0, (from - begins) / whole));
    return {
      step,
      depth: step.path.split(".").filter((leg) => /^\d/.test(leg)).length - 1,
      left,
      // A step that took no time is still seen.
      width: Math.max(0.006, Math.min(1 - left, (to - from) / whole)),
      took: step.status === "skipped" ? null : to - from,
    };
  });
}
