import { api } from "./client";
import type { Fields, Json, Mode, PullConfig, PushConfig, State } from "./integrations";

export interface Feed {
  id: string;
  name: string;
  integration_id: string;
  provider: string | null;
  mode: Mode;
  options: Fields;
  pull: PullConfig | null;
  push: PushConfig | null;
  webhook_url?: string | null;
  version: number;
  status: State;
  stale: boolean;
  fetched_at: string | null;
  refresh_at: string | null;
  age_ms: number | null;
  error_message: string | null;
  error_code: string | null;
  failures: number;
  bytes: number | null;
  readers: string[];
  created_at: string;
  updated_at: string;
}

export interface Document {
  data: Json;
  version: number;
  fetched_at: string | null;
  refresh_at: string | null;
  status: State;
  stale: boolean;
  error_message: string | null;
}

export interface FeedVersion {
  version: number;
  at: string;
  source: string;
  request_id?: string | null;
  inbound_id?: string | null;
  bytes: number;
}

export interface FeedDraft {
  name: string;
  integration_id: string;
  mode?: Mode;
  pull?: PullConfig;
  push?: PushConfig;
  options?: Fields;
}

export const feeds = {
  get: (id: string) => api.get<Feed>(`/feeds/${id}`),
  data: (id: string) => api.get<Document>(`/feeds/${id}/data`),
  version: (id: string, version: number) =>
    api.get<Pick<Document, "version" | "data">>(`/feeds/${id}/versions/${version}`),
  create: (draft: FeedDraft) => api.post<Feed>("/feeds", draft),
  change: (id: string, change: Partial<FeedDraft>) => api.patch<Feed>(`/feeds/${id}`, change),
  refresh: (id: string) => api.post<Feed>(`/feeds/${id}/refresh`, {}),
  remove: (id: string) => api.delete(`/feeds/${id}`),
};

/** Runs a jq program over a document, without keeping either. */
export const transform = (program: string, input: Json) =>
  api.post<{ output: Json }>("/transform", { program, input });
