import { expect, it } from "vitest";
import { byWhom } from "./byWhom";

const names = new Map([
  ["usr_1", "you"],
  ["usr_2", "Mina"],
]);

it.each([
  [null, ""],
  ["house", "by itself"],
  ["usr_1", "by you"],
  ["usr_2", "by Mina"],
  ["usr_gone", "by a former member"],
  ["key_1", "by an API key"],
  ["link", "by link"],
])("%s closed it: %s", (actor, said) => expect(byWhom(actor, names)).toBe(said));
