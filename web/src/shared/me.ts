import { createContext, use } from "react";
import { allows, type Role, type Session, type Workspace } from "./api/session";

export interface Me {
  user: Session["user"];
  workspace: Workspace;
  workspaces: Workspace[];
  choose: (workspace: string) => void;
  reload: () => Promise<void>;
  logOut: () => void;
}

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error("used outside of a session");
  return me;
}

/** Whether the person may do what `role` may, in this workspace. */
export const useMay = (role: Role) => allows(useMe().workspace.role, role);
