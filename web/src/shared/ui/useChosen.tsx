import { Checkbox } from "@mantine/core";
import { useState } from "react";
import type { Column } from "./ListTable";

/** Rows that are ticked, and the column to tick them in. What is no longer shown is no longer chosen. */
export function useChosen<T extends { id: string }>(rows: T[], nameOf: (row: T) => string) {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const ids = rows.map(({ id }) => id).filter((id) => ticked.has(id));
  const toggle = (id: string) =>
    setTicked(new Set(ticked.has(id) ? ids.filter((it) => it !== id) : [...ids, id]));
  const column: Column<T> = {
    key: "chosen",
    title: "",
    wide: true,
    tight: true,
    cell: (row) => (
      <Checkbox
        size="xs"
        aria-label={`Choose ${nameOf(row)}`}
        checked={ticked.has(row.id)}
        onChange={() => toggle(row.id)}
      />
    ),
  };
  return { ids, column, clear: () => setTicked(new Set()) };
}
