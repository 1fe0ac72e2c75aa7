// Columns that many lists have.

import { Switch } from "@mantine/core";
import type { Act } from "../act";
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

/** A switch in each row, for those who may use it. */
export const onColumn = <T extends { name: string; enabled: boolean }>(
  may: boolean,
  toggle: Act<[T], unknown>,
  wide = false,
): Column<T> => ({
  key: "enabled",
  title: "On",
  wide,
  cell: (row) => (
    <Switch
      size="sm"
      checked={row.enabled}
      disabled={!may || toggle.busy}
      aria-label={`${row.name} is on`}
      onChange={() => void toggle.run(row)}
    />
  ),
});
