import type { Feed } from "@/shared/api/feeds";
import type { Integration } from "@/shared/api/integrations";
import { useListing } from "@/shared/listing";
import type { NameOf } from "./words";

/** What the feeds and integrations are called that workflows listen to. */
export function useNames(): NameOf {
  const feeds = useListing<Feed>("/feeds", {}, { limit: 200 });
  const integrations = useListing<Integration>("/integrations", {}, { limit: 200 });
  const names = new Map([...feeds.rows, ...integrations.rows].map(({ id, name }) => [id, name]));
  return (id) => names.get(id);
}
