import { api, type FieldError, type Page } from "./client";
import type { Fields, Json } from "./integrations";

export interface Retry {
  attempts: number;
  delay?: string | number;
  factor?: number;
  max_delay?: string | number;
}

export interface Step {
  name: string;
  type: string;
  config?: Fields;
  if?: string;
  timeout?: string | number;
  retry?: Retry;
  on_error?: "fail" | "continue" | Step[];
  idempotency_key?: string;
}

export type Trigger =
  | { type: "cron"; cron: string; time_zone?: string; input?: Json }
  | { type: "inbound"; integration_id: string; event_type?: string; filter?: string; input?: Json }
  | { type: "feed"; feed_id: string; filter?: string; input?: Json }
  | { type: "event"; kind: string; filter?: string; input?: Json };

/** What a workflow does, as its author wrote it. */
export interface Definition {
  name: string;
  description?: string;
  input?: Json;
  triggers?: Trigger[];
  steps: Step[];
  output?: Json;
  concurrency?: { limit: number; key?: string; on_limit?: "queue" | "skip" };
  timeout?: string | number;
  keep_days?: number;
}

export interface Workflow extends Definition {
  id: string;
  enabled: boolean;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Version {
  version: number;
  actor: string;
  at: string;
  definition: Definition;
  /** What is another than in the version before. */
  changes?: { pointer: string; kind: "added" | "removed" | "changed"; before?: Json; after?: Json }[];
}

export type RunStatus = "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
export type StepStatus = "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled";

export interface RunFailure {
  code: string;
  message: string;
  step?: string;
  detail?: Json;
}

export interface RunStep {
  name: string;
  type: string;
  /** Where it stands: `2.then.0`, `3[5].1`. */
  path: string;
  status: StepStatus;
  attempts: number;
  input: Json;
  output: Json;
  error: RunFailure | null;
  started_at: string;
  ended_at: string | null;
  /** When it is tried again, or waits no longer. */
  next_attempt_at: string | null;
}

export interface Execution {
  id: string;
  workflow_id: string;
  version: number;
  status: RunStatus;
  trigger: { type?: string } & Fields;
  input: Json;
  output: Json;
  error: RunFailure | null;
  actor: string;
  parent_id: string | null;
  retry_of: string | null;
  trace: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  steps?: RunStep[];
}

export type Started = Pick<Execution, "id" | "status">;

export interface Trial {
  status: "succeeded" | "failed";
  output: Json;
  error: RunFailure | null;
  duration_ms: number;
}

export const workflows = {
  get: (id: string) => api.get<Workflow>(`/workflows/${id}`),
  create: (definition: Definition & { enabled?: boolean }) => api.post<Workflow>("/workflows", definition),
  /** `null` takes a field away. */
  change: (id: string, change: Record<string, unknown>) => api.patch<Workflow>(`/workflows/${id}`, change),
  remove: (id: string) => api.delete(`/workflows/${id}`),
  validate: (definition: Definition) =>
    api.post<{ valid: boolean; errors: FieldError[] }>("/workflows/validate", { definition }),
  testStep: (step: Step, context: Fields) => api.post<Trial>("/workflows/test-step", { step, context }),
  version: (id: string, version: number) => api.get<Version>(`/workflows/${id}/versions/${version}`),
  restore: (id: string, version: number) =>
    api.post<Workflow>(`/workflows/${id}/versions/${version}/restore`, {}),
  execute: (id: string, input: Json) => api.post<Started>(`/workflows/${id}/execute`, { input }),
  latest: (id: string, limit: number) => api.get<Page<Execution>>("/executions", { workflow_id: id, limit }),
};

export const executions = {
  get: (id: string) => api.get<Execution>(`/executions/${id}`),
  cancel: (id: string) => api.post<Execution>(`/executions/${id}`, { action: "cancel" }),
  retry: (id: string, from_step?: string) =>
    api.post<Started>(`/executions/${id}/retry`, from_step ? { from_step } : {}),
  answer: (id: string, said: { step: string; approved: boolean; comment?: string }) =>
    api.post<Started>(`/executions/${id}/approve`, said),
};
