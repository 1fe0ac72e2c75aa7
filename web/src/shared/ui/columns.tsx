// Columns that many lists have.

import type { Column } from "./ListTable";
import { Named } from "./Named";
import { Time } from "./Time";

export const nameColumn: Column<{ id: string; name: string; provider?: string }> = {
  key: "name",
  title: "Name",
  sort: "name",
  cell: ({ id, name, provider }) => (
    <Named id={id} provider={provider}>
      {name}
    </Named>
  ),
};

export const addedColumn: Column<{ created_at: string }> = {
  key: "created",
  title: "Added",
  sort: "created_at",
  wide: true,
  cell: ({ created_at }) => <Time at={created_at} />,
};
