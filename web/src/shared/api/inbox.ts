import { api } from "./client";
import type { Json } from "./integrations";

export type InboundState = "pending" | "applied" | "failed" | "ignored";

export interface InboundEvent {
  id: string;
  integration_id: string;
  feed_id: string | null;
  provider: string;
  event_type: string | null;
  event_id: string | null;
  received_at: string;
  state: InboundState;
  verified_by: string;
  content_type: string | null;
  bytes: number;
  payload: Json;
  parse_error: string | null;
  remote_addr: string | null;
  headers: Record<string, string>;
}

export const inbox = {
  get: (id: string) => api.get<InboundEvent>(`/inbound-events/${id}`),
  replay: (id: string) => api.post<InboundEvent>(`/inbound-events/${id}/replay`, {}),
};
