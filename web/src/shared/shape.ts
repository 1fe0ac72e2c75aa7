// What a document looks like, so that a preview can be drawn without knowing where it comes from.

import type { Fields, Json } from "./api/integrations";

export type Shape =
  | { kind: "list"; title?: string; items: { title: string; detail?: string; at?: string; link?: string }[] }
  | { kind: "series"; title?: string; values: number[] }
  | { kind: "card"; title?: string; facts: [string, string][]; series?: { name: string; values: number[] } }
  | { kind: "text"; text: string }
  | { kind: "none" };

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
    facts: facts.filter(([, value]) => value !== title),
    series: numbers ? { name: named!, values: numbers } : undefined,
  };
}

function ofList(list: Json[]): Shape {
  if (list.length === 0) return { kind: "list", items: [] };
  const values = numbersOf(list);
  if (values) return { kind: "series", values };
  return {
    kind: "list",
    items: list.map((item) => {
      if (item === null || typeof item !== "object") return { title: String(item) };
      if (Array.isArray(item)) return { title: item.map(String).join(", ") };
      const title =
        textAt(item, TITLES) ?? Object.values(item).find((value) => typeof value === "string") ?? "…";
      const detail = textAt(item, DETAILS);
      return {
        title: String(title),
        detail: detail === title ? undefined : detail,
        at: momentAt(item),
        link: linkAt(item),
      };
    }),
  };
}

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
    if (value === null || Array.isArray(value)) return [];
    if (typeof value === "object") return prefix ? [] : factsOf(value, name);
    return [[label.replaceAll("_", " "), String(value)]];
  });
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
