import { useMemo } from "react";
import { useUrlState } from "../listing";
import { sinceOf, spans } from "../span";
import { Filter } from "./Filter";

/** The moment that the span in the address bar began at, which stands still while the span does. */
export function useSince(): string | undefined {
  const [{ since }] = useUrlState();
  return useMemo(() => sinceOf(since), [since]);
}

/** Which span of time a list shows. */
export function SinceFilter() {
  const [{ since }, setUrl] = useUrlState();
  return <Filter label="Time" value={since} options={spans} onChange={(since) => setUrl({ since })} />;
}
