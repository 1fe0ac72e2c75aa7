import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it, vi } from "vitest";
import type { FieldError } from "../api/client";
import type { Fields } from "../api/integrations";
import { show } from "../render";
import { MASK, type Schema } from "../schema";
import { SchemaForm } from "./SchemaForm";

const schema: Schema = {
  required: ["city"],
  properties: {
    city: { type: "string", title: "City", description: "Any place" },
    api_key: { type: "string", title: "API key", "x-sensitive": true },
    days: { type: "integer", title: "Days", minimum: 1 },
    daily: { type: "boolean", title: "Daily" },
    headers: { type: "object", title: "Headers", additionalProperties: { type: "string" } },
    page_id: { type: "string" },
  },
};

function form(start: Fields, errors?: FieldError[]) {
  const seen = vi.fn<(value: Fields) => void>();
  function Held() {
    const [value, setValue] = useState(start);
    seen(value);
    return <SchemaForm schema={schema} value={value} onChange={setValue} errors={errors} base="/config" />;
  }
  show(<Held />);
  return { last: () => seen.mock.lastCall?.[0] };
}

it("asks for each field by its title, or by its name in words", () => {
  form({});
  expect(screen.getByLabelText(/City/)).toBeRequired();
  expect(screen.getByText("Any place")).toBeVisible();
  expect(screen.getByLabelText("Page id")).toBeVisible();
  expect(screen.getByLabelText("Daily")).not.toBeChecked();
});

it("hands back typed values and leaves out what was cleared", async () => {
  const user = userEvent.setup();
  const { last } = form({ city: "Lund" });
  await user.clear(screen.getByLabelText(/City/));
  await user.type(screen.getByLabelText("Days"), "5");
  await user.click(screen.getByLabelText("Daily"));
  expect(last()).toEqual({ days: 5, daily: true });
});

it("hides a secret, and keeps a stored one unless another is typed", async () => {
  const user = userEvent.setup();
  const { last } = form({ api_key: MASK });
  const field = screen.getByLabelText("API key");
  expect(field).toHaveAttribute("type", "password");
  expect(screen.getByText(/A value is stored/)).toBeVisible();
  await user.click(screen.getByLabelText("Days"));
  expect(last()?.api_key).toBe(MASK);
  await user.clear(field);
  await user.type(field, "k-123");
  expect(last()?.api_key).toBe("k-123");
});

it("shows an error at the field that its pointer names", () => {
  form({}, [
    { pointer: "/config/city", message: "City is needed" },
    { pointer: "/credentials/api_key", message: "elsewhere" },
  ]);
  expect(screen.getByText("City is needed")).toBeVisible();
  expect(screen.queryByText("elsewhere")).toBeNull();
});

it("takes names and values by the pair", async () => {
  const user = userEvent.setup();
  const { last } = form({});
  await user.click(screen.getByRole("button", { name: "Add" }));
  await user.type(screen.getByLabelText("Headers: name 1"), "Accept");
  await user.type(screen.getByLabelText("Headers: value 1"), "text/csv");
  expect(last()).toEqual({ headers: { Accept: "text/csv" } });
});
