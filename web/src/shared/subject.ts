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
  };
  return pages[id.slice(0, id.lastIndexOf("_"))];
}
