import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it, vi } from "vitest";
import { show } from "@/shared/render";
import { ScopePicker } from "./ScopePicker";

const scope = (name: string, group: string) => ({ name, group, title: name, description: `About ${name}` });
const scopes = [
  scope("feeds:read", "Feeds"),
  scope("feeds:write", "Feeds"),
  scope("widgets:read", "Widgets"),
  scope("admin:full", "Admin"),
];

function picker() {
  const seen = vi.fn<(value: string[]) => void>();
  function Held() {
    const [value, setValue] = useState<string[]>([]);
    seen(value);
    return <ScopePicker scopes={scopes} value={value} onChange={setValue} />;
  }
  show(<Held />);
  return { user: userEvent.setup(), last: () => seen.mock.lastCall?.[0] };
}

it("chooses single scopes and whole groups", async () => {
  const { user, last } = picker();
  await user.click(screen.getByRole("checkbox", { name: /widgets:read/ }));
  await user.click(screen.getByRole("button", { name: "All of Feeds" }));
  expect(last()).toEqual(["widgets:read", "feeds:read", "feeds:write"]);
  expect(screen.getByText("3 scopes chosen")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "None of Feeds" }));
  expect(last()).toEqual(["widgets:read"]);
});

it("lets admin:full stand alone, with a warning", async () => {
  const { user, last } = picker();
  await user.click(screen.getByRole("checkbox", { name: /feeds:read/ }));
  await user.click(screen.getByRole("checkbox", { name: /admin:full/ }));
  expect(last()).toEqual(["admin:full"]);
  expect(screen.getByText(/Whoever has this key/)).toBeVisible();
  expect(screen.getByRole("checkbox", { name: /feeds:read/ })).toBeDisabled();
});
