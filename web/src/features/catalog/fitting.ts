import type { ConnectorType } from "@/shared/api/actions";

/** The services that a search or a category leaves; by what they can do as well as by their names. */
export function fitting(
  types: ConnectorType[],
  { search, category }: { search?: string; category?: string },
): ConnectorType[] {
  const words = (search ?? "").trim().toLowerCase();
  const says = ({ type, name, description, actions }: ConnectorType) =>
    [type, name, description, ...actions.flatMap((action) => [action.name, action.title])]
      .join(" ")
      .toLowerCase()
      .includes(words);
  return types.filter((type) => (!category || type.categories.includes(category)) && says(type));
}
