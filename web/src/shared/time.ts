// Time as people say it. Everything takes `now`, so that a page can tick and a test can stand still.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** `3 minutes ago`, `in 2 days`, `just now`. */
export function relative(at: string | number, now: number): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  if (Math.abs(seconds) < 5) return "just now";
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return words.format(Math.trunc(seconds / size), unit);
}

/** A text that is a moment, such as `2026-01-15T12:00:00Z`. */
export const moments = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export const exact = (at: string | number) => absolute.format(new Date(at));

/** An age in at most four characters: `12s`, `5m`, `3h`, `9d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A length of time: `850 ms`, `1.2 s`, `5 min`, `2 h`, `1 d`. */
export function duration(ms: number): string {
  const neat = (value: number) => String(Math.round(value * 10) / 10);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${neat(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${neat(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${neat(ms / 3_600_000)} h`;
  return `${neat(ms / 86_400_000)} d`;
}

export type Expiry = "never" | "fine" | "soon" | "expired";

/** A key is `soon` to expire in its last seven days. */
export function expiry(at: string | null, now: number): Expiry {
  if (!at) return "never";
  const left = new Date(at).getTime() - now;
  if (left <= 0) return "expired";
  return left < 7 * 86_400_000 ? "soon" : "fine";
}
