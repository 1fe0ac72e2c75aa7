import { Button, Skeleton, Text } from "@mantine/core";
import type { AuditEntry } from "../api/integrations";
import { useListing } from "../listing";
import { Problem } from "./Problem";
import { Time } from "./Time";

/** Who did what with a thing, newest first. */
export function AuditTrail({ path, query }: { path: string; query?: Record<string, string> }) {
  const list = useListing<AuditEntry>(path, query, { limit: 20 });
  if (list.pending) return <Skeleton height={60} />;
  if (list.error) return <Problem error={list.error} retry={list.retry} />;
  return (
    <div>
      <h3 className="silk">Audit trail</h3>
      {list.rows.length === 0 && (
        <Text size="sm" className="dim">
          Nobody has touched it yet.
        </Text>
      )}
      <ul className="plain">
        {list.rows.map((entry) => (
          <li key={entry.id}>
            <span className="mono">{entry.action}</span> {entry.actor && <>by {entry.actor} </>}
            <span className="dim">
              <Time at={entry.at} />
              {about(entry.detail)}
            </span>
          </li>
        ))}
      </ul>
      {list.more && (
        <Button size="compact-xs" variant="subtle" onClick={list.loadMore} loading={list.loadingMore}>
          Load more
        </Button>
      )}
    </div>
  );
}

/** `{"purpose": "feed.pull", "uses": 1}` → ` · purpose feed.pull, uses 1`. */
function about(detail: AuditEntry["detail"]): string {
  const said = Object.entries(detail ?? {}).map(
    ([name, value]) =>
      `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`,
  );
  return said.length ? ` · ${said.join(", ")}` : "";
}
