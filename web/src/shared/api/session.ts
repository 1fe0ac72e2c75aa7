import { api } from "./client";

export type Role = "owner" | "admin" | "editor" | "viewer";

export interface Workspace {
  id: string;
  name: string;
  slug: string;
  role: Role;
  created_at?: string;
}

export interface Session {
  user: { id: string; email: string; name: string | null; instance_owner: boolean };
  workspaces: Workspace[];
  csrf_token: string;
}

export interface Member {
  id: string;
  user_id: string;
  email: string;
  name: string | null;
  role: Role;
  created_at: string;
  initial_password?: string;
}

export const sessions = {
  setupNeeded: () => api.get<{ needed: boolean }>("/setup"),
  setUp: (owner: { email: string; password: string; workspace: string; name?: string }) =>
    api.post<Session>("/setup", owner),
  current: () => api.get<Session>("/session"),
  logIn: (email: string, password: string) => api.post<Session>("/session", { email, password }),
  logOut: () => api.delete("/session"),
  changePassword: (current: string, next: string) => api.post("/session/password", { current, new: next }),
};

export const workspaces = {
  create: (name: string) => api.post<Workspace>("/workspaces", { name }),
  rename: (id: string, name: string) => api.patch<Workspace>(`/workspaces/${id}`, { name }),
};

export const members = {
  add: (member: { email: string; role: Role; name?: string }) => api.post<Member>("/members", member),
  setRole: (id: string, role: Role) => api.patch<Member>(`/members/${id}`, { role }),
  remove: (id: string) => api.delete(`/members/${id}`),
};

const ranks: Role[] = ["viewer", "editor", "admin", "owner"];

/** Whether `role` may do what `needed` may. */
export const allows = (role: Role, needed: Role) => ranks.indexOf(role) >= ranks.indexOf(needed);
