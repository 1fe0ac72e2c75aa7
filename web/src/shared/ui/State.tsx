import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconClockExclamation,
  IconHourglass,
  IconLoader2,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./State.module.css";

type Tone = "ok" | "stale" | "failing" | "off" | "wait" | "busy";

const icons: Record<Tone, Icon> = {
  ok: IconCircleCheck,
  stale: IconClockExclamation,
  failing: IconAlertTriangle,
  off: IconCircleDashed,
  wait: IconHourglass,
  busy: IconLoader2,
};

/** Every word that says a state, and how it is meant. Words that are not here are neutral. */
const tones: Record<string, Tone> = {
  ok: "ok",
  active: "ok",
  success: "ok",
  succeeded: "ok",
  closed: "ok",
  valid: "ok",
  applied: "ok",
  enabled: "ok",
  stale: "stale",
  degraded: "stale",
  retrying: "stale",
  unverified: "wait",
  missing: "stale",
  failing: "failing",
  failed: "failing",
  invalid: "failing",
  unsigned: "failing",
  expired: "failing",
  revoked: "failing",
  error: "failing",
  dead: "failing",
  requires_reconnection: "failing",
  pending: "wait",
  queued: "wait",
  waiting: "wait",
  running: "busy",
  new: "wait",
  ignored: "off",
  disabled: "off",
  off: "off",
};

const toneOf = (state: string): Tone => tones[state] ?? "off";

/** A state: a word, an icon and a colour, never the colour alone. */
export function StateBadge({
  state,
  children,
  title,
}: {
  state: string;
  children?: ReactNode;
  title?: string;
}) {
  const tone = toneOf(state);
  const Mark = icons[tone];
  return (
    <span className={classes.state} data-tone={tone} title={title}>
      <Mark size={15} stroke={2} aria-hidden />
      {children ?? state}
    </span>
  );
}

export function StateIcon({ state, size = 15 }: { state: string; size?: number }) {
  const tone = toneOf(state);
  const Mark = icons[tone];
  return (
    <span className={classes.icon} data-tone={tone} role="img" aria-label={state} title={state}>
      <Mark size={size} stroke={2} />
    </span>
  );
}

/** The state of a credential. Where none is needed there is nothing to tell. */
export function CredentialBadge({ state }: { state: string | null | undefined }) {
  if (!state || state === "not_needed") return <span className="dim">—</span>;
  return <StateBadge state={state} />;
}
