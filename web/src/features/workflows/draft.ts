// A definition under way: every change can be undone, and what is not saved yet is still there when the
// page is opened again.

import { useEffect, useState, useSyncExternalStore } from "react";
import type { Definition, Workflow } from "@/shared/api/workflows";
import { definitionOf } from "./definition";

interface Draft {
  /** What was saved last, and its version. */
  base: Definition;
  version: number;
  past: Definition[];
  present: Definition;
  future: Definition[];
  /** Grows when the definition was changed beside the forms, which then begin anew. */
  turn: number;
}

const MOST_PAST = 200;
const drafts = new Map<string, Draft>();
const shown = new Set<() => void>();
const put = (id: string, draft: Draft) => {
  drafts.set(id, draft);
  shown.forEach((changed) => changed());
};
const subscribe = (changed: () => void) => {
  shown.add(changed);
  return () => void shown.delete(changed);
};

const same = (one: Definition, other: Definition) => JSON.stringify(one) === JSON.stringify(other);

const begin = (workflow: Workflow): Draft => {
  const base = definitionOf(workflow);
  return { base, version: workflow.version, past: [], present: base, future: [], turn: 0 };
};

/** What was under way is let go: the workflow is another now. */
export const draftsAreGone = (id: string) => {
  drafts.delete(id);
  shown.forEach((changed) => changed());
};

export const isDirty = ({ base, present }: Pick<Draft, "base" | "present">) => !same(base, present);

export function useDraft(workflow: Workflow) {
  const { id } = workflow;
  const [first] = useState(() => begin(workflow));
  const kept = useSyncExternalStore(subscribe, () => drafts.get(id)) ?? first;
  // What nobody touched follows what others save.
  const isOld = kept.version !== workflow.version;
  const draft = isOld && !isDirty(kept) ? begin(workflow) : kept;
  const dirty = isDirty(draft);

  useEffect(() => {
    if (!dirty) return;
    const hold = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", hold);
    return () => window.removeEventListener("beforeunload", hold);
  }, [dirty]);

  const { past, present, future, turn } = draft;
  return {
    present,
    base: draft.base,
    dirty,
    turn,
    /** Somebody else has saved it meanwhile. */
    conflicts: dirty && draft.version !== workflow.version,
    /** `beside` the forms: by the graph, the list or the JSON. */
    set: (next: Definition, beside = false) => {
      if (same(next, present)) return;
      const turned = beside ? turn + 1 : turn;
      put(id, {
        ...draft,
        past: [...past, present].slice(-MOST_PAST),
        present: next,
        future: [],
        turn: turned,
      });
    },
    undo: past.length
      ? () =>
          put(id, {
            ...draft,
            past: past.slice(0, -1),
            present: past.at(-1)!,
            future: [present, ...future],
            turn: turn + 1,
          })
      : undefined,
    redo: future.length
      ? () =>
          put(id, {
            ...draft,
            past: [...past, present],
            present: future[0]!,
            future: future.slice(1),
            turn: turn + 1,
          })
      : undefined,
    saved: (now: Workflow) =>
      put(id, { ...draft, base: definitionOf(now), present: definitionOf(now), version: now.version }),
    discard: () => put(id, { ...begin(workflow), turn: turn + 1 }),
  };
}

export type Drafting = ReturnType<typeof useDraft>;
