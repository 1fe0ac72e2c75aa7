import { useCallback, useMemo } from "react";
import type { Minute } from "../api/health";
import classes from "./ThroughputChart.module.css";
import { usePlot, type Ink, type Plot } from "./usePlot";

// Lines differ in how they are drawn as well as in colour.
const lines = [
  { name: "pulls", colour: "--cord", dash: undefined },
  { name: "pushes", colour: "--dim", dash: [5, 3] },
  { name: "errors", colour: "--state-failing", dash: [2, 2] },
] as const;

/** Without the minute that still runs, which would look like a fall, and the empty ones before the first data. */
function telling(all: Minute[]): Minute[] {
  const first = all.findIndex(({ pulls, pushes, errors }) => pulls + pushes + errors > 0);
  const from = Math.max(0, Math.min(first, all.length - 6));
  return all.length > 2 ? all.slice(from, -1) : all;
}

/** Seconds between two labels: whole minutes, since the labels say no more. */
const ticks = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60);

export default function ThroughputChart({ minutes: all, height }: { minutes: Minute[]; height: number }) {
  const minutes = useMemo(() => telling(all), [all]);
  const draw = useCallback(
    ({ colour, axis }: Ink): Plot => [
      {
        legend: { show: false },
        cursor: { y: false },
        scales: { y: { range: (_chart, _low, high) => [0, Math.max(4, (high ?? 0) * 1.1)] } },
        axes: [
          { ...axis, grid: { show: false }, size: 24, space: 70, values: "{HH}:{mm}", incrs: ticks },
          { ...axis, size: 34, space: 32 },
        ],
        series: [
          {},
          ...lines.map(({ name, colour: variable, dash }) => ({
            label: name,
            stroke: colour(variable),
            width: 1.5,
            dash: dash && [...dash],
            points: { show: false },
          })),
        ],
      },
      [
        minutes.map(({ minute }) => Date.parse(minute) / 1000),
        ...lines.map(({ name }) => minutes.map((minute) => minute[name])),
      ],
    ],
    [minutes],
  );
  const { ref, home } = usePlot(draw, height);

  return (
    <div ref={ref}>
      <div ref={home} style={{ height }} aria-hidden />
      <figcaption className={classes.legend}>
        {lines.map(({ name, colour, dash }) => (
          <span key={name}>
            <svg width="20" height="8" aria-hidden>
              <line
                x1="0"
                x2="20"
                y1="4"
                y2="4"
                stroke={`var(${colour})`}
                strokeWidth="2"
                strokeDasharray={dash?.join(" ")}
              />
            </svg>
            {name} <b>{minutes.at(-1)?.[name] ?? 0}</b>
          </span>
        ))}
        <span className="dim">in the last minute</span>
      </figcaption>
    </div>
  );
}
