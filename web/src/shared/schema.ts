// The part of JSON Schema that providers use to describe their settings, and what a form needs of it.

import type { FieldError } from "./api/client";
import type { Fields, Json } from "./api/integrations";

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  const?: Json;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  /** Several ways to be complete. */
  anyOf?: Schema[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  examples?: Json[];
  "x-sensitive"?: boolean;
  "x-multiline"?: boolean;
  /** A program, which is for machines to read. */
  "x-code"?: boolean;
  /** Any JSON, of which a text needs no quotation marks: templates are written there. */
  "x-loose"?: boolean;
}

/** What the server puts in place of a stored secret; sent back, it keeps the stored value. */
export const MASK = "••••";

export type FieldKind =
  | "text"
  | "secret"
  | "multiline"
  | "choice"
  | "switch"
  | "number"
  | "list"
  | "map"
  | "group"
  | "json"
  | "loose";

export function kindOf(schema: Schema): FieldKind {
  if (schema["x-sensitive"] || schema.format === "password") return "secret";
  if (schema["x-loose"]) return "loose";
  if (schema.enum) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((name) => name !== "null") : schema.type;
  switch (type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "string":
      return schema["x-multiline"] ? "multiline" : "text";
    case "array":
      return schema.items?.type === "string" && !schema.items.enum ? "list" : "json";
    case "object":
      if (schema.properties && Object.keys(schema.properties).length > 0) return "group";
      return typeof schema.additionalProperties === "object" && schema.additionalProperties.type !== "string"
        ? "json"
        : "map";
    default:
      return "json";
  }
}

/** `page_id` → `Page id`, for a field without a title. */
export const labelOf = (name: string, schema: Schema) =>
  schema.title ?? name.replace(/[_-]+/g, " ").replace(/^./, (letter) => letter.toUpperCase());

/** What a new form starts with: the defaults, nothing else. */
export function defaultsOf(schema: Schema): Fields {
  const values: Fields = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.default !== undefined) values[name] = field.default;
    else if (kindOf(field) === "group") {
      const nested = defaultsOf(field);
      if (Object.keys(nested).length > 0) values[name] = nested;
    }
  }
  return values;
}

/** Required fields that are still empty. The server checks the rest. */
export function missingIn(schema: Schema, value: Fields, base = ""): FieldError[] {
  const found: FieldError[] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const given = value[name];
    const pointer = `${base}/${name}`;
    if (schema.required?.includes(name) && (given === undefined || given === "" || given === null)) {
      found.push({ pointer, message: `${labelOf(name, field)} is needed` });
    } else if (kindOf(field) === "group" && given && typeof given === "object" && !Array.isArray(given)) {
      found.push(...missingIn(field, given, pointer));
    }
  }
  return found;
}

export const isEmpty = (schema: Schema | undefined) =>
  !schema?.properties || Object.keys(schema.properties).length === 0;

/** The value without the field when it is cleared, so that an optional setting can be left out. */
export function withField(value: Fields, name: string, next: Json | undefined): Fields {
  const changed = { ...value };
  if (next === undefined || next === "") delete changed[name];
  else changed[name] = next;
  return changed;
}
