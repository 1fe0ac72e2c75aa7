import { Button, Center, Skeleton, Table, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconArrowsSort } from "@tabler/icons-react";
import type { MouseEvent, ReactNode } from "react";
import { nextSort, type Listing } from "../listing";
import { Problem } from "./Problem";
import classes from "./ListTable.module.css";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** The name the server sorts by. */
  sort?: string;
  /** On a small screen the column is left out. */
  wide?: boolean;
  /** As narrow as what is in it. */
  tight?: boolean;
  align?: "right";
}

const classOf = ({ wide, tight }: Pick<Column<never>, "wide" | "tight">) =>
  [wide && classes.wide, tight && classes.tight].filter(Boolean).join(" ") || undefined;

interface Props<T extends { id: string }> {
  label: string;
  list: Listing<T>;
  columns: Column<T>[];
  empty: ReactNode;
  sort?: string;
  onSort?: (sort: string | undefined) => void;
  onOpen?: (row: T) => void;
}

/** One page after another of a list that the server holds. */
export function ListTable<T extends { id: string }>({
  label,
  list,
  columns,
  empty,
  sort,
  onSort,
  onOpen,
}: Props<T>) {
  if (list.error && list.rows.length === 0) return <Problem error={list.error} retry={list.retry} />;
  if (!list.pending && list.rows.length === 0) return <div className={classes.box}>{empty}</div>;
  const open = (row: T) => (event: MouseEvent) => {
    // A link or a button inside the row speaks for itself.
    if (!(event.target as Element).closest("a,button,input,label")) onOpen?.(row);
  };
  return (
    <div className={classes.box}>
      <div className={classes.scroll} tabIndex={0} role="group" aria-label={label}>
        <Table
          className={classes.table}
          highlightOnHover={!!onOpen}
          aria-label={label}
          aria-busy={list.pending}
        >
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th
                  key={column.key}
                  className={classOf(column)}
                  ta={column.align}
                  aria-sort={sorted(column.sort, sort)}
                >
                  {column.sort && onSort ? (
                    <UnstyledButton
                      className={classes.sort}
                      onClick={() => onSort(nextSort(sort, column.sort!))}
                    >
                      {column.title} <SortMark column={column.sort} sort={sort} />
                    </UnstyledButton>
                  ) : (
                    column.title || <span className="hidden">Actions</span>
                  )}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.pending
              ? Array.from({ length: 6 }, (_, index) => (
                  <Table.Tr key={index}>
                    {columns.map((column) => (
                      <Table.Td key={column.key} className={classOf(column)}>
                        <Skeleton
                          height={12}
                          my={5}
                          width={`${45 + ((index * 17 + column.key.length * 7) % 45)}%`}
                        />
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))
              : list.rows.map((row) => (
                  <Table.Tr
                    key={row.id}
                    onClick={onOpen && open(row)}
                    className={onOpen && classes.clickable}
                  >
                    {columns.map((column) => (
                      <Table.Td key={column.key} className={classOf(column)} ta={column.align}>
                        {column.cell(row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
          </Table.Tbody>
        </Table>
      </div>
      {(list.more || list.rows.length > 10) && (
        <Center p="xs" className={classes.foot}>
          {list.more ? (
            <Button variant="subtle" size="xs" onClick={list.loadMore} loading={list.loadingMore}>
              Load more
            </Button>
          ) : (
            <Text size="xs" className="dim">
              {list.rows.length} in all
            </Text>
          )}
        </Center>
      )}
      {list.error && list.rows.length > 0 && <Problem error={list.error} retry={list.retry} />}
    </div>
  );
}

function sorted(column: string | undefined, sort: string | undefined) {
  if (!column) return undefined;
  if (sort === `-${column}`) return "descending";
  return sort === column ? "ascending" : "none";
}

function SortMark({ column, sort }: { column: string; sort?: string }) {
  if (sort === column) return <IconArrowUp size={13} aria-hidden />;
  if (sort === `-${column}`) return <IconArrowDown size={13} aria-hidden />;
  return <IconArrowsSort size={13} className={classes.unsorted} aria-hidden />;
}
