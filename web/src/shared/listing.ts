// How a list is read: page by page from the server, with search, sort and filters in the address bar.

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { api, type Page, type Query } from "./api/client";

export interface Listing<T> {
  rows: T[];
  pending: boolean;
  error: Error | null;
  /** More rows can be asked for. */
  more: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  retry: () => void;
}

interface ListingOptions {
  enabled?: boolean;
  limit?: number | null;
  staleTime?: number;
  /** Asked again each so many milliseconds: for what no event tells of. */
  every?: number;
}

/** The rows of `/api/v1{path}`; the query key begins with the first word of the path. */
export function useListing<T>(
  path: string,
  query: Query = {},
  { enabled, limit = 50, staleTime, every }: ListingOptions = {},
): Listing<T> {
  const list = useInfiniteQuery({
    queryKey: [path.split(/[/?]/)[1], "list", path, { limit, ...query }],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<T>>(path, { limit, ...query, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval: every,
    // An age that nobody names is the usual one; `undefined` would be none at all.
    ...(staleTime !== undefined && { staleTime }),
  });
  return {
    rows: list.data?.pages.flatMap((page) => page.data) ?? [],
    pending: list.isPending,
    error: list.error,
    more: list.hasNextPage,
    loadingMore: list.isFetchingNextPage,
    loadMore: () => void list.fetchNextPage(),
    retry: () => void list.refetch(),
  };
}

/** A list that came in one piece with something else. */
export const whole = <T>(rows: T[], pending = false): Listing<T> => ({
  rows,
  pending,
  error: null,
  more: false,
  loadingMore: false,
  loadMore: () => {},
  retry: () => {},
});

export type UrlState = Record<string, string | undefined>;

/** What the address bar says, and a way to change it. Empty values are left out of it. */
export function useUrlState(): [UrlState, (change: UrlState) => void] {
  const state = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const change = useCallback(
    (next: UrlState) => {
      void navigate({
        to: ".",
        replace: true,
        search: ((before: UrlState) =>
          Object.fromEntries(Object.entries({ ...before, ...next }).filter(([, value]) => value))) as never,
      });
    },
    [navigate],
  );
  return [state, change];
}

/** A column sorts upward, then downward, then the list is in its own order again. */
export const nextSort = (current: string | undefined, column: string) =>
  current === column ? `-${column}` : current === `-${column}` ? undefined : column;
