import { useSyncExternalStore } from "react";
import { exact, relative } from "../time";

/** One clock for all times on a page, however many there are. */
function clock(every: number) {
  const shown = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    now = Date.now();
    shown.forEach((changed) => changed());
  };
  return {
    now() {
      // It stood still while nobody looked.
      if (shown.size === 0 && Date.now() - now >= every) now = Date.now();
      return now;
    },
    subscribe(changed: () => void) {
      if (shown.size === 0) timer = setInterval(tick, every);
      shown.add(changed);
      return () => {
        shown.delete(changed);
        if (shown.size === 0) clearInterval(timer);
      };
    },
  };
}

const seconds = clock(3_000);

/** The current time, ticking as often as a reader could notice. */
export const useNow = () => useSyncExternalStore(seconds.subscribe, seconds.now);

/** A moment in words, with the exact time when pointed at. */
export function Time({ at, never = "never" }: { at: string | null | undefined; never?: string }) {
  const now = useNow();
  if (!at) return <span className="dim">{never}</span>;
  return (
    <time dateTime={at} title={exact(at)} className="nowrap">
      {relative(at, now)}
    </time>
  );
}
