import { api } from "./client";

export interface ScopeInfo {
  name: string;
  title: string;
  description: string;
  group: string;
}

export interface RateLimit {
  requests: number;
  window_secs: number;
}

export interface ApiKey {
  id: string;
  name: string;
  key?: string;
  key_preview: string;
  scopes: string[];
  rate_limit: RateLimit | null;
  enabled: boolean;
  expires_at: string | null;
  last_used_at: string | null;
  usage_count: number;
  created_at: string;
  updated_at: string;
}

export interface KeyUsage {
  total: number;
  success: number;
  errors: number;
  success_rate: number | null;
  mean_latency_ms: number | null;
  by_endpoint: {
    method: string;
    path: string;
    requests: number;
    success_rate: number;
    mean_latency_ms: number;
  }[];
}

export interface KeyDraft {
  name: string;
  scopes: string[];
  expires_in_days: number;
  rate_limit?: RateLimit;
}

export const keys = {
  create: (draft: KeyDraft) => api.post<ApiKey>("/api-keys", draft),
  change: (id: string, change: { enabled?: boolean; name?: string }) =>
    api.patch<ApiKey>(`/api-keys/${id}`, change),
  remove: (id: string) => api.delete(`/api-keys/${id}`),
  usage: (id: string) => api.get<KeyUsage>(`/api-keys/${id}/usage`),
  scopes: () => api.get<{ data: ScopeInfo[] }>("/scopes"),
};
