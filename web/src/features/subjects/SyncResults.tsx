import type { SyncResult } from "@/shared/api/insight";
import { plural } from "@/shared/text";
import { Section } from "@/shared/ui/Page";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { Link } from "@tanstack/react-router";
import classes from "./SubjectPage.module.css";

const words: Record<SyncResult["status"], string> = {
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

/** What each platform answered when everything was read at once. */
export function SyncResults({
  results,
  nameOf,
}: {
  results: SyncResult[] | null;
  nameOf: (platform: string) => string;
}) {
  if (!results) return null;
  return (
    <Section title="Result of the sync">
      <div className="box" aria-live="polite">
        {results.length === 0 && <span className="dim">There is no account to read.</span>}
        <ul className={classes.results}>
          {results.map((result) => (
            <li key={result.connection_id}>
              <ProviderIcon provider={result.platform} />
              <Link to="/connections/$id" params={{ id: result.connection_id }}>
                {nameOf(result.platform)}
              </Link>
              <StateBadge state={result.code === ARTIST ? "missing" : result.status}>
                {result.code === ARTIST ? "needs an artist" : words[result.status]}
              </StateBadge>
              <span className="dim break">{saidOf(result)}</span>
            </li>
          ))}
        </ul>
      </div>
    </Section>
  );
}
