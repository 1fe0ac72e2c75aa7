import { Progress as Bar, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { SyncResult } from "../api/insight";
import { useMay } from "../me";
import { useProviderNames } from "../providers";
import { statesOf, type Progress, type Row } from "../sync";
import { plural } from "../text";
import { Section } from "./Page";
import { ProviderIcon } from "./ProviderIcon";
import { Reconnect } from "./Reconnect";
import { StateBadge } from "./State";
import classes from "./SyncProgress.module.css";

const words = {
  waiting: "waiting",
  running: "reading",
  success: "read",
  requires_reconnection: "has to be connected again",
  error: "failed",
};

/** It is not known yet which artist the account stands for. */
const ARTIST = "metrics.artist_missing";

function saidOf({ code, message, metrics_updated }: SyncResult): string {
  if (code === ARTIST) return "Say on its page which artist it stands for.";
  return message ?? (metrics_updated === null ? "" : plural(metrics_updated, "number"));
}

/** What each platform answers while everything is read at once, and after that. */
export function SyncProgress({ progress }: { progress: Progress | null }) {
  const nameOf = useProviderNames();
  const may = useMay("editor");
  if (!progress) return null;
  const { rows, isRunning } = progress;
  const states = statesOf(rows);
  const done = rows.filter(({ result }) => result).length;
  const subjects = new Set(rows.map(({ subject }) => subject)).size > 1;
  return (
    <Section
      title={isRunning ? "Sync" : "Result of the sync"}
      aside={
        <Text size="xs" className="dim" role="status">
          {rows.length > 0 && `${done} of ${rows.length} answered`}
        </Text>
      }
    >
      <div className="box" aria-busy={isRunning}>
        {isRunning && (
          <Bar
            value={rows.length ? (done / rows.length) * 100 : 0}
            size={4}
            mb={10}
            aria-label="Accounts that have answered"
          />
        )}
        {rows.length === 0 && (
          <span className="dim">{isRunning ? "Looking for accounts …" : "There is no account to read."}</span>
        )}
        <ul className={classes.rows}>
          {rows.map((row, at) => (
            <li key={row.connection_id}>
              <ProviderIcon provider={row.platform} />
              <span className="min0">
                <Link to="/connections/$id" params={{ id: row.connection_id }}>
                  {nameOf(row.platform)}
                </Link>
                {subjects && <span className="dim break"> · {row.subject || "the workspace"}</span>}
              </span>
              <Standing row={row} state={states[at]!} />
              <span className={classes.said}>
                <span className="dim break">{row.result && saidOf(row.result)}</span>
                {may && row.result?.status === "requires_reconnection" && (
                  <Reconnect id={row.connection_id} name={nameOf(row.platform)} variant="default" />
                )}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Section>
  );
}

function Standing({ row, state }: { row: Row; state: keyof typeof words }) {
  if (row.result?.code === ARTIST) return <StateBadge state="missing">needs an artist</StateBadge>;
  return <StateBadge state={state}>{words[state]}</StateBadge>;
}
