import { Text } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import uPlot from "uplot";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { usePlot, type Ink, type Plot } from "@/shared/ui/usePlot";
import { alone, changeOf, onAxis, said, signed, titleOf, type Series } from "./metrics";
import classes from "./SubjectPage.module.css";

/** Diagonal lines: what lies below an estimate is not as sure as what lies below a number. */
function hatched(colour: string) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.45;
  pen.lineWidth = 1.5;
  for (const x of [-8, 0, 8]) {
    pen.moveTo(x, 8);
    pen.lineTo(x + 8, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat")!;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

interface Props {
  platform: string;
  name: string;
  metric: string;
  series: Series;
}

/** One metric of one platform over time, on a scale of its own. */
export default function MetricChart({ platform, name, metric, series }: Props) {
  const [pointed, setPointed] = useState<number | null>(null);
  const draw = useCallback(
    ({ colour, axis }: Ink): Plot => {
      const cord = colour("--cord");
      const few = series.days.length <= 31;
      const line = (values: (number | null)[], more: Partial<uPlot.Series>): uPlot.Series => ({
        stroke: cord,
        width: 1.75,
        // A line needs two days; a single one is drawn as a point.
        points: { show: true, size: 5, fill: cord, filter: few ? undefined : () => alone(values) },
        ...more,
      });
      return [
        {
          legend: { show: false },
          padding: [8, 10, 0, 0],
          cursor: { y: false, points: { size: 8 } },
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
          scales: { y: { range: (_chart, low, high) => padded(low, high) } },
          axes: [
            {
              ...axis,
              grid: { show: false },
              size: 24,
              space: 60,
              incrs: [1, 2, 7, 14, 30, 91].map((days) => days * 86_400),
              values: (_chart, splits) => splits.map((seconds) => day.format(seconds * 1000)),
            },
            {
              ...axis,
              size: 48,
              space: 30,
              values: (_chart, splits) => splits.map((it) => onAxis(metric, it)),
            },
          ],
          series: [
            {},
            line(series.told, {}),
            line(series.estimated, { dash: [5, 4], fill: () => hatched(cord) }),
          ],
          hooks: { setCursor: [(chart) => setPointed(chart.cursor.idx ?? null)] },
        },
        [series.days.map((day) => Date.parse(day) / 1000), series.told, series.estimated],
      ];
    },
    [series, metric],
  );
  const { ref, home } = usePlot(draw, 150);
  const known = useMemo(
    () => series.told.map((value, index) => value ?? series.estimated[index] ?? null),
    [series],
  );
  const last = known.findLastIndex((value) => value !== null);
  const shown = pointed ?? last;
  const change = changeOf(series);
  const value = known[shown];
  const formula = series.formulas[shown];
  const date = series.days[shown];
  return (
    <figure
      className={`box ${classes.chart}`}
      aria-label={`${titleOf(metric)} on ${name}: ${said(metric, known[last]) || "nothing known"}${change === null ? "" : `, ${signed(change)} in this time`}`}
    >
      <figcaption className={classes.head}>
        <ProviderIcon provider={platform} />
        <Text size="sm" fw={600}>
          {name}
        </Text>
        {change !== null && (
          <Text size="xs" className="dim" ml="auto">
            {signed(change)} in this time
          </Text>
        )}
      </figcaption>
      <div ref={ref}>
        <div ref={home} className={classes.plot} aria-hidden />
      </div>
      <Text size="xs" className={classes.read}>
        {date && day.format(Date.parse(date))}{" "}
        <b>{value === null || value === undefined ? "not known" : said(metric, value)}</b>
        {formula && <span className="dim"> estimated: {formula}</span>}
      </Text>
    </figure>
  );
}

/** Some air above and below; a line that does not move stands in the middle. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = (high - low || Math.abs(high) * 0.2 || 1) * 0.12;
  return low >= 0 ? [Math.max(0, low - air), high + air] : [low - air, high + air];
}
