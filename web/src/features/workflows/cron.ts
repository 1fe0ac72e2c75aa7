// Cron lines as people read them: in words, and by the times that come next. The server decides when a
// workflow starts; this shows beforehand what a line means. What is not understood here is not guessed.

interface Times {
  seconds: number[];
  minutes: number[];
  hours: number[];
  days: number[] | null;
  months: number[];
  weekdays: number[] | null;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
export const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const span = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step);

function field(text: string, low: number, high: number, names: string[] = []): number[] | undefined {
  const number = (word: string) => {
    const named = names.indexOf(word.toLowerCase());
    if (named >= 0) return named + (names === MONTHS ? 1 : 0);
    return /^\d{1,2}$/.test(word) ? Number(word) : NaN;
  };
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [range = "", by, ...more] = part.split("/");
    const step = by === undefined ? 1 : Number(by);
    if (more.length || !Number.isInteger(step) || step < 1) return undefined;
    const [first = "", last] = range.split("-");
    const from = range === "*" ? low : number(first);
    const to = range === "*" || (by !== undefined && last === undefined) ? high : number(last ?? first);
    if (!(from >= low && to <= high && from <= to)) return undefined;
    span(from, to, step).forEach((it) => found.add(it));
  }
  return [...found].sort((a, b) => a - b);
}

export function parse(line: string): Times | undefined {
  const parts = line.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  if (parts.length !== 6) return undefined;
  const [second, minute, hour, day, month, weekday] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const free = (text: string) => text === "*" || text === "?";
  const seconds = field(second, 0, 59);
  const minutes = field(minute, 0, 59);
  const hours = field(hour, 0, 23);
  const months = field(month, 1, 12, MONTHS);
  const days = free(day) ? null : field(day, 1, 31);
  const weekdays = free(weekday) ? null : field(weekday, 0, 7, WEEKDAYS);
  if (!seconds || !minutes || !hours || !months || days === undefined || weekdays === undefined)
    return undefined;
  return {
    seconds,
    minutes,
    hours,
    days,
    months,
    weekdays: weekdays && [...new Set(weekdays.map((it) => it % 7))].sort(),
  };
}

/** How far a zone is ahead of UTC at a moment, in milliseconds. */
function offset(zone: Intl.DateTimeFormat, at: number): number {
  const parts = Object.fromEntries(zone.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(
    parts.year!,
    parts.month! - 1,
    parts.day!,
    parts.hour! % 24,
    parts.minute!,
    parts.second!,
  );
  return wall - Math.floor(at / 1000) * 1000;
}

function zoneOf(name: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return undefined;
  }
}

const DAY = 86_400_000;

/** The next times of a line; nothing when it is not understood, an empty list when it never comes. */
export function nextTimes(line: string, zoneName: string, after: number, count = 3): number[] | undefined {
  const times = parse(line);
  const zone = zoneOf(zoneName);
  if (!times || !zone) return undefined;
  const found: number[] = [];
  const today = Math.floor((after + offset(zone, after)) / DAY) * DAY;
  for (let day = today; day < today + 5 * 366 * DAY && found.length < count; day += DAY) {
    const date = new Date(day);
    if (!times.months.includes(date.getUTCMonth() + 1)) continue;
    const byDay = times.days?.includes(date.getUTCDate());
    const byWeekday = times.weekdays?.includes(date.getUTCDay());
    // Where both are said, either is enough, as cron has always had it.
    const fits = times.days && times.weekdays ? byDay || byWeekday : (byDay ?? byWeekday ?? true);
    if (!fits) continue;
    for (const hour of times.hours)
      for (const minute of times.minutes)
        for (const second of times.seconds) {
          if (found.length >= count) break;
          const wall = day + ((hour * 60 + minute) * 60 + second) * 1000;
          const at = wall - offset(zone, wall - offset(zone, wall));
          // An hour that the clocks leave out does not come.
          if (at > after && at + offset(zone, at) === wall) found.push(at);
        }
  }
  return found;
}

const two = (value: number) => String(value).padStart(2, "0");
const ordinal = (day: number) =>
  `${day}${day % 10 === 1 && day !== 11 ? "st" : day % 10 === 2 && day !== 12 ? "nd" : day % 10 === 3 && day !== 13 ? "rd" : "th"}`;
const list = (words: string[]) =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** `every weekday at 09:00`; the line itself where no words fit. */
export function cronInWords(line: string): string {
  const times = parse(line);
  const plain = `at ${line}`;
  if (!times || times.seconds.join() !== "0" || times.months.length < 12) return plain;
  const { minutes, hours, days, weekdays } = times;
  const every = hours.length === 24 && !days && !weekdays;
  if (every) {
    if (minutes.length === 60) return "every minute";
    if (minutes.length === 1) return minutes[0] === 0 ? "every hour" : `every hour at ${minutes[0]} past`;
    const gap = minutes[1]! - minutes[0]!;
    const even = minutes[0] === 0 && 60 % gap === 0 && minutes.length === 60 / gap;
    return even ? `every ${gap} minutes` : plain;
  }
  if (minutes.length > 1 || hours.length > 3) return plain;
  const at = `at ${list(hours.map((hour) => `${two(hour)}:${two(minutes[0]!)}`))}`;
  if (days && weekdays) return plain;
  if (days) return days.length <= 3 ? `each month on the ${list(days.map(ordinal))} ${at}` : plain;
  if (!weekdays || weekdays.length === 7) return `every day ${at}`;
  if (weekdays.join() === "1,2,3,4,5") return `every weekday ${at}`;
  return `every ${list(weekdays.map((it) => DAY_NAMES[it]!))} ${at}`;
}
