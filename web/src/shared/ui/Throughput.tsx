import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { Minute } from "../api/health";

const Chart = lazy(() => import("./ThroughputChart"));

/** Pulls, pushes and errors by the minute. The chart is loaded when first shown. */
export function Throughput({ minutes, height }: { minutes: Minute[]; height: number }) {
  const sum = (name: "pulls" | "pushes" | "errors") =>
    minutes.reduce((total, minute) => total + minute[name], 0);
  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`In the last ${minutes.length} minutes: ${sum("pulls")} pulls, ${sum("pushes")} pushes, ${sum("errors")} errors`}
    >
      <Suspense fallback={<Skeleton height={height} />}>
        <Chart minutes={minutes} height={height} />
      </Suspense>
    </figure>
  );
}
