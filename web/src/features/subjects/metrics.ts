// Numbers of a subject's accounts, by day: what is known, what was computed, and where nothing is known.

import type { MetricRow } from "@/shared/api/insight";
import type { Json } from "@/shared/api/integrations";
import { count } from "@/shared/text";

/** Every word of the vocabulary, in the order in which people ask. */
const titles: Record<string, string> = {
  followers: "Followers",
  subscribers: "Subscribers",
  monthly_listeners: "Monthly listeners",
  streams: "Streams",
  views: "Views",
  impressions: "Impressions",
  reach: "Reach",
  profile_views: "Profile views",
  engagement_rate: "Engagement rate",
  likes: "Likes",
  comments: "Comments",
  shares: "Shares",
  saves: "Saves",
  posts: "Posts",
  following: "Following",
  popularity: "Popularity",
  watch_minutes: "Minutes watched",
  recent_releases: "Recent releases",
  top_track: "Top track",
  genres: "Genres",
};
const order = Object.keys(titles);

export const titleOf = (metric: string) => titles[metric] ?? metric.replaceAll("_", " ");

const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 });

/** `48,102`, `3.2 %`, `Neon Rain`; nothing where nothing is known. */
export function said(metric: string, value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number")
    return metric === "engagement_rate" ? `${Math.round(value * 100) / 100} %` : count(value);
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** The same on an axis, where there is little room. */
export const onAxis = (metric: string, value: number) =>
  metric === "engagement_rate" ? `${Math.round(value * 100) / 100}%` : compact.format(value);

export interface Known {
  value: Json;
  date: string;
  /** How it was computed, where it was not told. */
  formula?: string;
}

export interface Latest {
  platforms: string[];
  metrics: string[];
  of: (metric: string, platform: string) => Known | undefined;
}

/** The newest value of each metric on each platform. */
export function latestOf(rows: MetricRow[]): Latest {
  const found = new Map<string, Known>();
  const platforms = new Set<string>();
  const metrics = new Set<string>();
  for (const row of rows) {
    platforms.add(row.platform);
    for (const [metric, value] of Object.entries(row.metrics)) {
      if (value === null) continue;
      metrics.add(metric);
      const key = `${metric} ${row.platform}`;
      if ((found.get(key)?.date ?? "") <= row.date)
        found.set(key, { value, date: row.date, formula: row.estimated[metric] });
    }
  }
  const rank = (metric: string) => (order.includes(metric) ? order.indexOf(metric) : order.length);
  return {
    platforms: [...platforms].sort(),
    metrics: [...metrics].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b)),
    of: (metric, platform) => found.get(`${metric} ${platform}`),
  };
}

const DAY = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The last `days` days, today's among them, in UTC as the platforms count. */
export function spanOf(days: number, now: number): { from: string; to: string } {
  return { from: dayOf(now - (days - 1) * DAY), to: dayOf(now) };
}

export interface Series {
  days: string[];
  /** Null where nothing is known: a gap, never a 0 and never a line across. */
  told: (number | null)[];
  estimated: (number | null)[];
  formulas: (string | undefined)[];
}

/** One metric of one platform, a value or a gap for each day. */
export function seriesOf(
  rows: MetricRow[],
  metric: string,
  platform: string,
  { from, to }: { from: string; to: string },
): Series {
  const byDay = new Map(rows.filter((row) => row.platform === platform).map((row) => [row.date, row]));
  const series: Series = { days: [], told: [], estimated: [], formulas: [] };
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
    const day = dayOf(at);
    const row = byDay.get(day);
    const value = row?.metrics[metric];
    const known = typeof value === "number" ? value : null;
    const formula = row?.estimated[metric];
    series.days.push(day);
    series.told.push(formula === undefined ? known : null);
    series.estimated.push(formula === undefined ? null : known);
    series.formulas.push(formula);
  }
  return series;
}

/** How a metric went over the span: its last known value less its first. Null for fewer than two. */
export function changeOf({ told, estimated }: Series): number | null {
  const known = told.map((value, index) => value ?? estimated[index] ?? null).filter((it) => it !== null);
  return known.length < 2 ? null : known.at(-1)! - known[0]!;
}

/** `+1,204`, `−3`, `±0`. */
export const signed = (change: number) =>
  change === 0 ? "±0" : `${change > 0 ? "+" : "−"}${count(Math.round(Math.abs(change) * 100) / 100)}`;

/** Values with nothing on either side: a line cannot show them, a point has to. */
export const alone = (values: (number | null)[]): number[] =>
  values.flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
      ? [index]
      : [],
  );
