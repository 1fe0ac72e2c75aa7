import { api } from "./client";

export interface Instance {
  version: string;
  database: { kind: string; bytes: number | null };
  uptime_s: number;
  demo: boolean;
  master_key: { id: string | null; source: string };
  workspace_key: { version: number };
}

export interface Rotation {
  id: string;
  version: number;
  state: "running" | "done";
  /** Rows that are under the new key so far. */
  done: number;
  rotated_at: string | null;
}

export interface SandboxService {
  name: string;
  title: string;
  url: string | null;
  /** The faults that this service has. */
  knobs: string[];
  faults: Record<string, boolean | number>;
}

export const instance = {
  get: () => api.get<Instance>("/instance"),
  rotateMasterKey: () => api.post<{ data_keys: number }>("/instance/rotate-master-key"),
  rotateWorkspaceKey: (workspace: string) => api.post<Rotation>(`/workspaces/${workspace}/rotate-key`),
  rotation: (workspace: string) => api.get<Rotation>(`/workspaces/${workspace}/rotate-key`),
  sandbox: () => api.get<{ services: SandboxService[] }>("/sandbox"),
  setFaults: (service: string, faults: SandboxService["faults"]) =>
    api.put<SandboxService>(`/sandbox/${service}/faults`, faults),
};
