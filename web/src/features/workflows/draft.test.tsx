import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Workflow } from "@/shared/api/workflows";
import { useDraft } from "./draft";

const stored = (id: string, version = 1, name = "One"): Workflow => ({
  id,
  version,
  name,
  enabled: true,
  triggers: [],
  steps: [],
  created_at: "",
  updated_at: "",
});

it("every change can be undone and done again, and is kept until it is saved", () => {
  const shown = renderHook(() => useDraft(stored("wf_a")));
  const draft = () => shown.result.current;
  expect([draft().dirty, draft().undo]).toEqual([false, undefined]);
  act(() => draft().set({ ...draft().present, name: "Two" }));
  act(() => draft().set({ ...draft().present, name: "Three" }, true));
  expect([draft().present.name, draft().dirty, draft().turn]).toEqual(["Three", true, 1]);
  act(() => draft().undo!());
  expect(draft().present.name).toBe("Two");
  act(() => draft().redo!());
  // Another look at the same workflow finds it as it was left.
  shown.unmount();
  const again = renderHook(() => useDraft(stored("wf_a"))).result.current;
  expect(again.present.name).toBe("Three");
  act(() => again.saved(stored("wf_a", 2, "Three")));
  expect(renderHook(() => useDraft(stored("wf_a", 2, "Three"))).result.current.dirty).toBe(false);
});

it("what nobody touched follows what others save; what was touched says so", () => {
  const shown = renderHook(({ version, name }) => useDraft(stored("wf_b", version, name)), {
    initialProps: { version: 1, name: "One" },
  });
  shown.rerender({ version: 2, name: "Theirs" });
  expect(shown.result.current.present.name).toBe("Theirs");
  act(() => shown.result.current.set({ ...shown.result.current.present, name: "Mine" }));
  shown.rerender({ version: 3, name: "Theirs again" });
  expect(shown.result.current).toMatchObject({ conflicts: true, dirty: true, present: { name: "Mine" } });
});
