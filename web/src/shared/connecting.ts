// The way to a provider's page and back: which address the browser returns to, what it brings along,
// and the step that leaves the dashboard.

import { useNavigate } from "@tanstack/react-router";
import { useAct } from "./act";
import { connections, type Started } from "./api/connections";

/** The page of this dashboard that a provider's page leads back to. */
export const returnTo = (path: string) => `${window.location.origin}${path}`;

/** Goes on to where a person agrees; to the connection itself where nobody has to. */
export function useGoOn() {
  const navigate = useNavigate();
  return ({ authorize_url, connection }: Started) => {
    if (authorize_url) window.location.assign(authorize_url);
    else if (connection) void navigate({ to: "/connections/$id", params: { id: connection.id } });
  };
}

/** Connects an account again. It keeps its id, its feeds and its history. */
export function useReconnect() {
  const done = useGoOn();
  return useAct((id: string) => connections.reconnect(id, { return_url: returnTo(`/connections/${id}`) }), {
    stale: ["connections", "tasks"],
    done,
    sayError: true,
  });
}
