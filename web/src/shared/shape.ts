// What a document looks like, so that a preview can be drawn without knowing where it comes from.

import type { Fields, Json } from "./api/integrations";

export type Shape =
  | { kind: "list"; title?: string; items: Item[] }
  | { kind: "series"; title?: string; values: number[] }
  | { kind: "card"; title?: string; facts: [string, string][]; series?: { name: string; values: number[] } }
  | { kind: "text"; text: string }
  | { kind: "none" };

export interface Item {
  title: string;
  detail?: string;
  at?: string;
  link?: string;
}

const TITLES = ["title", "name", "headline", "subject", "summary", "text", "message", "label", "login", "id"];
const DETAILS = [
  "summary",
  "description",
  "detail",
  "content",
  "body",
  "author",
  "state",
  "status",
  "price",
  "value",
];
const TIMES = [
  "published_at",
  "published",
  "updated_at",
  "updated",
  "created_at",
  "date",
  "at",
  "time",
  "timestamp",
];
const LINKS = ["url", "link", "html_url", "href"];
const LISTS = ["items", "entries", "data", "results", "nodes", "events", "list", "articles", "records"];
const NUMBERS = ["value", "count", "total", "temperature", "price", "y"];

export function shapeOf(document: Json): Shape {
  if (document === null || document === undefined) return { kind: "none" };
  if (typeof document !== "object") return { kind: "text", text: String(document) };
  if (Array.isArray(document)) return ofList(document);
  const title = textAt(document, ["title", "name", "city", "headline"]);
  const lists = Object.entries(document).filter(
    (entry): entry is [string, Json[]] => Array.isArray(entry[1]) && entry[1].length > 0,
  );
  const [named, list] = lists.find(([name]) => LISTS.includes(name)) ?? lists[0] ?? [];
  const numbers = list && numbersOf(list);
  if (list && !numbers && (LISTS.includes(named!) || factsOf(document).length < 3)) {
    const shape = ofList(list);
    return shape.kind === "list" ? { ...shape, title } : shape;
  }
  const facts = factsOf(document);
  if (facts.length === 0 && numbers) return { kind: "series", title, values: numbers };
  return {
    kind: "card",
    title,
    facts: ranked(facts.filter(([, value]) => value !== title)),
    series: numbers ? { name: named!, values: numbers } : undefined,
  };
}

function ofList(list: Json[]): Shape {
  if (list.length === 0) return { kind: "list", items: [] };
  const values = numbersOf(list);
  if (values) return { kind: "series", values };
  const items = itemsOf(list);
  // What is appended at the end is what one wants to see first.
  const grows = Date.parse(items[0]?.at ?? "") < Date.parse(items.at(-1)?.at ?? "");
  return { kind: "list", items: grows ? items.reverse() : items };
}

function itemsOf(list: Json[]): Item[] {
  return list.map((item): Item => {
    if (item === null || typeof item !== "object") return { title: String(item) };
    if (Array.isArray(item)) return { title: item.map(String).join(", ") };
    const title =
      textAt(item, TITLES) ?? Object.values(item).find((value) => typeof value === "string") ?? "…";
    const detail = textAt(item, DETAILS);
    return {
      title: String(title),
      detail: detail === title ? undefined : detail && plainOf(detail),
      at: momentAt(item),
      link: linkAt(item),
    };
  });
}

/** The text of a piece of HTML, which is what feeds call a summary. Nothing in it is run. */
const plainOf = (text: string) =>
  /[<&]/.test(text) ? (new DOMParser().parseFromString(text, "text/html").body.textContent ?? "") : text;

/** Two or more numbers, or objects that each hold one, make a line. */
function numbersOf(list: Json[]): number[] | undefined {
  if (list.length < 2) return undefined;
  if (list.every((item) => typeof item === "number")) return list;
  const name = NUMBERS.find((name) =>
    list.every(
      (item) =>
        item !== null && typeof item === "object" && !Array.isArray(item) && typeof item[name] === "number",
    ),
  );
  const plain = name && list.every((item) => textAt(item as Fields, ["title", "headline"]) === undefined);
  return plain ? list.map((item) => (item as Record<string, number>)[name]!) : undefined;
}

function factsOf(document: Fields, prefix = ""): [string, string][] {
  return Object.entries(document).flatMap(([name, value]): [string, string][] => {
    const label = prefix ? `${prefix} ${name}` : name;
    if (Array.isArray(value)) {
      const only = value.length === 1 ? value[0] : undefined;
      return only && typeof only === "object" && !Array.isArray(only) && !prefix ? factsOf(only, name) : [];
    }
    if (value === null) return [];
    if (typeof value === "object") return prefix ? [] : factsOf(value, name);
    return [[label.replaceAll("_", " "), isEpoch(name, value) ? momentOf(value) : String(value)]];
  });
}

const isEpoch = (name: string, value: Json): value is number =>
  typeof value === "number" &&
  value > 1e9 &&
  value < 4e9 &&
  /(^|_)(dt|at|time|timestamp|date|sunrise|sunset)$/.test(name);
const momentOf = (seconds: number) => new Date(seconds * 1000).toISOString();

const LOUD = [
  "temp",
  "temperature",
  "price",
  "value",
  "total",
  "count",
  "change",
  "description",
  "status",
  "state",
  "humidity",
  "speed",
];
const QUIET = ["id", "icon", "cod", "code", "lat", "lon", "base", "timezone", "link", "url"];

/** What one asks for first comes first; what machines need comes last. */
function ranked(facts: [string, string][]): [string, string][] {
  const rank = ([name]: [string, string]) => {
    const last = name.split(" ").at(-1)!;
    const loud = LOUD.indexOf(last);
    return loud >= 0 ? loud : QUIET.includes(last) ? 1_000 : 500;
  };
  return facts
    .map((fact) => [rank(fact), fact] as const)
    .sort(([a], [b]) => a - b)
    .map(([, fact]) => fact);
}

function textAt(item: Fields, names: string[]): string | undefined {
  const found = names
    .map((name) => item[name])
    .find((value) => (typeof value === "string" && value) || typeof value === "number");
  return found === undefined ? undefined : String(found);
}

const momentAt = (item: Fields) =>
  TIMES.map((name) => item[name]).find(
    (value): value is string => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  );

/** Only addresses that a browser opens as pages: a feed must not smuggle in a script. */
const linkAt = (item: Fields) =>
  LINKS.map((name) => item[name]).find(
    (value): value is string => typeof value === "string" && /^https?:\/\//.test(value),
  );
