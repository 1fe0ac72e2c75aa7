// A uPlot chart that keeps the width of its place and the colours of the theme.

import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Ink {
  /** The value of a variable of global.css. */
  colour: (variable: string) => string;
  axis: uPlot.Axis;
}

export type Plot = [options: Omit<uPlot.Options, "width" | "height">, data: uPlot.AlignedData];

/** Draws anew when `draw` is another function: keep it in a `useCallback` over what it shows. */
export function usePlot(draw: (ink: Ink) => Plot, height: number) {
  const { ref, width } = useElementSize();
  const home = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    if (!home.current || width < 40) return;
    const styles = getComputedStyle(home.current);
    const colour = (variable: string) => styles.getPropertyValue(variable).trim();
    const axis = {
      stroke: colour("--dim"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui",
    };
    const [options, data] = draw({ colour, axis });
    const chart = new uPlot({ ...options, width, height }, data, home.current);
    return () => chart.destroy();
  }, [draw, width, height, scheme]);
  return { ref, home };
}
