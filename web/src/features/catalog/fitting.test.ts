import { expect, it } from "vitest";
import type { ConnectorType } from "@/shared/api/actions";
import { fitting } from "./fitting";

const type = (id: string, category: string, action: string) =>
  ({
    type: id,
    name: id,
    description: "",
    categories: [category],
    actions: [{ name: action, title: action }],
  }) as unknown as ConnectorType;

it("services are found by what they can do", () => {
  const all = [type("slack", "chat", "send_message"), type("stripe", "money", "create_invoice")];
  const found = (by: Parameters<typeof fitting>[1]) => fitting(all, by).map(({ type }) => type);
  expect(found({})).toEqual(["slack", "stripe"]);
  expect(found({ search: "Invoice" })).toEqual(["stripe"]);
  expect(found({ search: "slack", category: "money" })).toEqual([]);
});
