// When data last passed through each cable. Kept outside of React, so that a pulse redraws one cable
// and not the board.

import { useSyncExternalStore } from "react";

const counts = new Map<string, number>();
const listeners = new Set<() => void>();

export function pulse(cables: string[]) {
  cables.forEach((id) => counts.set(id, (counts.get(id) ?? 0) + 1));
  listeners.forEach((tell) => tell());
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => void listeners.delete(tell);
};

/** Grows by one with each pulse through the cable. */
export const usePulses = (cable: string) => useSyncExternalStore(subscribe, () => counts.get(cable) ?? 0);
