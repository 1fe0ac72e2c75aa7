// Services and how this workspace uses them, each read in one way wherever it is needed. What the catalog
// knows changes with the server's version alone, so that it is asked for once.

import { useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import type { Page } from "./api/client";
import { catalog, integrations, type Provider } from "./api/integrations";
import { useListing } from "./listing";

const FRESH = 600_000;

export const useProviders = () => useListing<Provider>("/providers", {}, { limit: null, staleTime: FRESH });

/** What providers are called; by their id until the catalog has come. */
export function useProviderNames(): (id: string) => string {
  const { rows } = useProviders();
  return (id) => rows.find((provider) => provider.id === id)?.name ?? id;
}

/** How one provider is asked for. */
export const providerQuery = (id: string) => ({
  queryKey: ["providers", id],
  queryFn: () => catalog.provider(id),
  staleTime: FRESH,
});

export function useProvider(id: string | undefined) {
  const queries = useQueryClient();
  return useQuery({
    ...providerQuery(id ?? ""),
    enabled: !!id,
    // A list that is here already holds it.
    initialData: () =>
      queries
        .getQueriesData<InfiniteData<Page<Provider>>>({ queryKey: ["providers", "list"] })
        .flatMap(([, list]) => list?.pages ?? [])
        .flatMap(({ data }) => data)
        .find((provider) => provider.id === id),
  });
}

export const useIntegration = (id: string | undefined) =>
  useQuery({ queryKey: ["integrations", id], queryFn: () => integrations.get(id!), enabled: !!id });
