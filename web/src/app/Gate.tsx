// Nobody gets past without a session. Who comes back after it ended finds the same page again,
// because logging in does not change the address.

import { Center, Loader } from "@mantine/core";
import { useQuery, useQueryClient, type Query } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { ApiError, caller } from "@/shared/api/client";
import { sessions, type Session } from "@/shared/api/session";
import { MeContext, type Me } from "@/shared/me";
import { Problem } from "@/shared/ui/Problem";
import { router } from "./router";

const LogIn = lazy(() => import("@/features/access/LogIn"));
const SetUp = lazy(() => import("@/features/access/SetUp"));
const CHOSEN = "patchbay-workspace";

const notSession = (query: Query) => query.queryKey[0] !== "session";

async function currentSession(): Promise<Session | "set-up" | null> {
  try {
    return await sessions.current();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return (await sessions.setupNeeded()).needed ? "set-up" : null;
  }
}

export function Gate() {
  const queries = useQueryClient();
  const [expired, setExpired] = useState(false);
  const [chosen, setChosen] = useState(() => localStorage.getItem(CHOSEN));
  const current = useQuery({ queryKey: ["session"], queryFn: currentSession, staleTime: Infinity, retry: 1 });

  const enter = useCallback(
    (session: Session | null) => {
      // Nothing that the one before could see is left for the next.
      queries.removeQueries({ predicate: notSession });
      queries.setQueryData(["session"], session);
      if (session) setExpired(false);
    },
    [queries],
  );

  useEffect(() => {
    caller.expired = () => {
      if (!queries.getQueryData<Session>(["session"])?.user) return;
      setExpired(true);
      enter(null);
    };
  }, [queries, enter]);

  const session = current.data && current.data !== "set-up" ? current.data : null;
  const workspace = session?.workspaces.find(({ id }) => id === chosen) ?? session?.workspaces[0];
  caller.csrf = session?.csrf_token;
  caller.workspace = workspace?.id;

  const me = useMemo<Me | null>(() => {
    if (!session || !workspace) return null;
    return {
      user: session.user,
      workspace,
      workspaces: session.workspaces,
      choose: (id) => {
        localStorage.setItem(CHOSEN, id);
        setChosen(id);
        queries.removeQueries({ predicate: notSession });
        void router.navigate({ to: "/" });
      },
      reload: () => queries.invalidateQueries({ queryKey: ["session"] }),
      logOut: () => void sessions.logOut().then(() => enter(null)),
    };
  }, [session, workspace, queries, enter]);

  if (current.isPending) {
    return (
      <Center h="100dvh">
        <Loader type="dots" aria-label="Loading" />
      </Center>
    );
  }
  if (current.error) {
    return (
      <Center h="100dvh" p="md">
        <Problem error={current.error} retry={() => void current.refetch()} />
      </Center>
    );
  }
  if (!me)
    return (
      <Suspense>
        {current.data === "set-up" ? <SetUp enter={enter} /> : <LogIn enter={enter} expired={expired} />}
      </Suspense>
    );
  return (
    <MeContext value={me}>
      <RouterProvider router={router} key={me.workspace.id} />
    </MeContext>
  );
}
