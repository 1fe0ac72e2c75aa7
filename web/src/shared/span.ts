// Spans of time as filters name them.

export const spans = [
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last day" },
  { value: "7d", label: "Last week" },
  { value: "30d", label: "Last month" },
];

const lengths: Record<string, number> = { h: 3_600_000, d: 86_400_000 };

/** Where a span such as `24h` began; nothing for what is none. */
export function sinceOf(span: string | undefined, now = Date.now()): string | undefined {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(span ?? "") ?? [];
  return count && unit ? new Date(now - Number(count) * lengths[unit]!).toISOString() : undefined;
}
