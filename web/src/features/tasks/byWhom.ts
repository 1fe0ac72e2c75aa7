/** People by their ids. */
export type Names = ReadonlyMap<string, string>;

/** Who or what closed a task: a person, a program's key, or the house, when it saw that it was done. */
export function byWhom(actor: string | null, names: Names): string {
  if (!actor) return "";
  if (actor === "house") return "by itself";
  if (actor.startsWith("key_")) return "by an API key";
  return `by ${names.get(actor) ?? (actor.startsWith("usr_") ? "a former member" : actor)}`;
}
