// The goals of the house beside what was measured, and errors that are the same seen as one.

import type { EventEntry } from "@/shared/api/health";
import type { Kpi } from "@/shared/api/insight";
import { count } from "@/shared/text";
import { duration } from "@/shared/time";

/** `99.2 %`, `3.5 h`; nothing where nothing was measured yet. */
export function measured(value: number | null, unit: string): string {
  if (value === null) return "";
  // Parts of an hour are read as minutes or seconds.
  if (unit === "h" && value > 0 && value < 1) return duration(value * 3_600_000);
  return `${count(Math.round(value * 100) / 100)} ${unit}`;
}

/** `at least 99 %`. */
export const targetOf = ({ target, bound, unit }: Kpi) =>
  `${bound === "at_least" ? "at least" : "at most"} ${measured(target, unit)}`;

export interface Goals {
  /** Over all platforms together. */
  overall: Kpi[];
  platforms: string[];
  /** What is measured for each platform, in the order of the answer. */
  names: { name: string; title: string }[];
  of: (platform: string, name: string) => Kpi | undefined;
}

export function goalsOf(kpis: Kpi[]): Goals {
  const single = kpis.filter(({ platform }) => platform !== null);
  const names = [...new Map(single.map(({ name, title }) => [name, { name, title }])).values()];
  return {
    overall: kpis.filter(({ platform }) => platform === null),
    platforms: [...new Set(single.map(({ platform }) => platform!))].sort(),
    names,
    of: (platform, name) => single.find((kpi) => kpi.platform === platform && kpi.name === name),
  };
}

export interface ErrorGroup {
  id: string;
  code: string;
  /** What the newest of them said. */
  message: string;
  times: number;
  last: string;
  subjects: { id: string; name: string }[];
}

/** Events of failures by their code, the most frequent first. */
export function groupsOf(events: EventEntry[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const { subject, at, data, kind } of events) {
    const cause = (data.cause ?? data) as { code?: unknown; message?: unknown };
    const code = String(cause.code ?? kind);
    const message = String(cause.message ?? "");
    const group = groups.get(code) ?? { id: code, code, message, times: 0, last: at, subjects: [] };
    group.times += 1;
    if (at > group.last) Object.assign(group, { last: at, message });
    const name = String(data.name ?? data.account ?? subject);
    if (!group.subjects.some(({ id }) => id === subject)) group.subjects.push({ id: subject, name });
    groups.set(code, group);
  }
  return [...groups.values()].sort((a, b) => b.times - a.times || b.last.localeCompare(a.last));
}
