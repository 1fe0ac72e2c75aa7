import { api } from "./client";
import type { Fields, Json } from "./integrations";
import type { Schema } from "../schema";

/** One thing that a provider can do. */
export interface Action {
  name: string;
  title: string;
  description: string;
  docs: string | null;
  effect: "read" | "write" | "delete";
  scopes: string[];
  idempotent: boolean;
  input_schema: Schema;
  output_schema: Schema;
  /** What to do about an error, by the provider's own code. */
  errors: Record<string, string>;
  examples: { title: string; input: Fields; output: Json | null; error: string | null }[];
}

/** A provider that can do something. */
export interface ConnectorType {
  type: string;
  name: string;
  description: string;
  categories: string[];
  docs: string | null;
  actions: Action[];
}

/** An integration whose provider can do something. */
export interface Connector {
  id: string;
  name: string;
  type: string;
  enabled: boolean;
  actions: string[];
}

export interface ActionResult {
  output: Json;
  status: number;
  duration_ms: number;
  /** Where the output is not as the catalog says. */
  warnings: { pointer: string; message: string }[];
}

export const actions = {
  run: (integration: string, action: string, input: Fields) =>
    api.post<ActionResult>(`/integrations/${integration}/actions/${action}`, { input }),
};
