import { useNavigate } from "@tanstack/react-router";

/** The page of a thing, by the prefix of its id. */
export function pathOf(id: string): string | undefined {
  const pages: Record<string, string> = {
    int: `/integrations/${id}`,
    conn: `/connections/${id}`,
    feed: `/feeds/${id}`,
    wgt: `/widgets/${id}`,
    wcfg: `/widgets/${id}`,
    play: "/widgets?tab=players",
    in: `/inbox?open=${id}`,
    cred: "/settings?tab=credentials",
    key: "/settings?tab=keys",
    task: "/tasks",
    wh: `/webhooks/${id}`,
    wf: `/workflows/${id}`,
    exec: `/executions/${id}`,
  };
  return pages[id.slice(0, id.lastIndexOf("_"))];
}

/** Goes to the page of a thing. */
export function useOpen() {
  const navigate = useNavigate();
  return ({ id }: { id: string }) => void navigate({ to: pathOf(id) ?? "/" });
}
