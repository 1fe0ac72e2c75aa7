import { api } from "./client";
import type { Document } from "./feeds";
import type { Fields, Json, State } from "./integrations";

export interface Widget {
  id: string;
  slug: string;
  name: string;
  description: string | null;
  created_at: string;
}

export interface WidgetFeed {
  integration_id: string;
  feed_id: string | null;
  status: State;
  version: number;
  fetched_at: string | null;
}

export interface WidgetConfig {
  id: string;
  widget_id: string;
  widget_slug: string;
  name: string;
  options: Fields;
  feeds: WidgetFeed[];
  data_url: string;
  webhook_urls?: string[];
  created_at: string;
}

export interface Player {
  id: string;
  name: string;
  token?: string;
  token_preview: string;
  widget_config_ids: string[];
  enabled: boolean;
  last_seen_at: string | null;
  created_at: string;
}

export const widgets = {
  get: (id: string) => api.get<Widget>(`/widgets/${id}`),
  create: (made: { slug: string; name: string; description?: string }) => api.post<Widget>("/widgets", made),
  remove: (id: string) => api.delete(`/widgets/${id}`),
};

export const widgetConfigs = {
  get: (id: string) => api.get<WidgetConfig>(`/widget-configs/${id}`),
  data: (id: string) => api.get<Document & { data: Json }>(`/widget-configs/${id}/data`),
  create: (made: { widget_id: string; name: string; options: Fields }) =>
    api.post<WidgetConfig>("/widget-configs", made),
  change: (id: string, change: { name?: string; options?: Fields }) =>
    api.patch<WidgetConfig>(`/widget-configs/${id}`, change),
  remove: (id: string) => api.delete(`/widget-configs/${id}`),
};

export const players = {
  create: (made: { name: string; widget_config_ids: string[] }) => api.post<Player>("/players", made),
  change: (id: string, change: { enabled?: boolean; name?: string; widget_config_ids?: string[] }) =>
    api.patch<Player>(`/players/${id}`, change),
  remove: (id: string) => api.delete(`/players/${id}`),
};
