import type { Provider } from "./api/integrations";
import { useListing } from "./listing";

/** What providers are called; by their id until the catalog has come. */
export function useProviderNames(): (id: string) => string {
  const { rows } = useListing<Provider>("/providers", {}, { limit: null });
  return (id) => rows.find((provider) => provider.id === id)?.name ?? id;
}
