import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { api, ApiError, type Query } from "./api/client";
import { useListing } from "./listing";
import { show } from "./render";
import { ListTable } from "./ui/ListTable";

interface Row {
  id: string;
  name: string;
}

function Rows({ onSort, sort = "name" }: { onSort?: (sort: string | undefined) => void; sort?: string }) {
  const list = useListing<Row>("/things", { search: "x" }, { limit: 2 });
  return (
    <ListTable
      label="Things"
      list={list}
      sort={sort}
      onSort={onSort}
      empty={<p>Add the first thing</p>}
      columns={[{ key: "name", title: "Name", sort: "name", cell: ({ name }) => name }]}
    />
  );
}

const all = ["One", "Two", "Three", "Four", "Five"].map((name) => ({ id: name, name }));

it("reads one page after another from the server", async () => {
  const asked: Query[] = [];
  vi.spyOn(api, "get").mockImplementation(async (_path, query = {}) => {
    asked.push(query);
    const from = Number(query.cursor ?? 0);
    return {
      data: all.slice(from, from + 2),
      next_cursor: from + 2 < all.length ? String(from + 2) : null,
    } as never;
  });
  const user = userEvent.setup();
  show(<Rows />);
  expect(await screen.findByText("Two")).toBeVisible();
  expect(screen.queryByText("Three")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Load more" }));
  expect(await screen.findByText("Four")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Load more" }));
  expect(await screen.findByText("Five")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
  expect(asked.map(({ limit, search, cursor }) => [limit, search, cursor])).toEqual([
    [2, "x", undefined],
    [2, "x", "2"],
    [2, "x", "4"],
  ]);
});

it("says what to do when there is nothing", async () => {
  vi.spyOn(api, "get").mockResolvedValue({ data: [], next_cursor: null });
  show(<Rows />);
  expect(await screen.findByText("Add the first thing")).toBeVisible();
});

it("quotes the code of an error and offers another try", async () => {
  const get = vi
    .spyOn(api, "get")
    .mockRejectedValueOnce(
      new ApiError(
        400,
        "request.bad_cursor",
        "The cursor is not one that was handed out",
        "Start again without it.",
      ),
    );
  const user = userEvent.setup();
  show(<Rows />);
  expect(await screen.findByText("request.bad_cursor")).toBeVisible();
  get.mockResolvedValue({ data: all.slice(0, 1), next_cursor: null });
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("One")).toBeVisible();
});

it.each([
  ["created_at", "none", "name"],
  ["name", "ascending", "-name"],
  ["-name", "descending", undefined],
])("sorted by %s, its name is %s, and a key press asks for %s", async (sort, said, next) => {
  vi.spyOn(api, "get").mockResolvedValue({ data: all, next_cursor: null });
  const onSort = vi.fn();
  const user = userEvent.setup();
  show(<Rows onSort={onSort} sort={sort} />);
  await screen.findByText("One");
  expect(screen.getByRole("columnheader", { name: /Name/ })).toHaveAttribute("aria-sort", said);
  screen.getByRole("button", { name: /Name/ }).focus();
  await user.keyboard("{Enter}");
  expect(onSort).toHaveBeenCalledWith(next);
});
