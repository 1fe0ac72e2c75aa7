// Which services people connect accounts of, and which of their settings a person is asked for first.

import type { Provider } from "@/shared/api/integrations";
import type { Schema } from "@/shared/schema";

export interface Platform {
  provider: Provider;
  /** Accounts of it that are connected. */
  connected: number;
}

/** Where an artist is, before where a company works. */
const first = ["music", "video", "social"];

const weight = ({ provider, connected }: Platform) => {
  if (connected > 0) return 0;
  // Whatever is not in the catalog comes last.
  if (provider.categories.includes("generic")) return 3;
  return provider.categories.some((name) => first.includes(name)) ? 1 : 2;
};

/** The services that grant access by OAuth: those in use, then those of artists, then the rest. */
export function platformsOf(providers: Provider[], connections: { provider: string }[]): Platform[] {
  const counts = new Map<string, number>();
  for (const { provider } of connections) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  return providers
    .filter(({ auth }) => auth.some(({ kind }) => kind === "oauth2"))
    .map((provider) => ({ provider, connected: counts.get(provider.id) ?? 0 }))
    .sort((a, b) => weight(a) - weight(b) || a.provider.name.localeCompare(b.provider.name));
}

/** The settings without which nothing works, and the others. Where one of several ways has to be chosen, all ways. */
export function settingsOf(schema: Schema): { asked: Schema; rest: Schema } {
  const chooses = schema.anyOf !== undefined;
  const isAsked = (name: string, field: Schema) =>
    schema.required?.includes(name) || (chooses && field.default === undefined);
  const part = (asked: boolean): Schema => ({
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties ?? {}).filter(([name, field]) => !!isAsked(name, field) === asked),
    ),
  });
  return { asked: part(true), rest: part(false) };
}

/** Whether its accounts stand for an artist whom a person has to name. Whom to look for is then among its settings. */
export const findsArtists = ({ config_schema }: Provider) =>
  "artist_name" in (config_schema.properties ?? {});
