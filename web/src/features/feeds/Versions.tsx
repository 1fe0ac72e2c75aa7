import { Button, Skeleton } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { feeds, type Feed, type FeedVersion } from "@/shared/api/feeds";
import { useListing } from "@/shared/listing";
import { bytes } from "@/shared/text";
import { DocumentView } from "@/shared/ui/DocumentView";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";

/** The versions that are kept, each with the request or the push that made it. */
export function Versions({ feed }: { feed: Feed }) {
  const list = useListing<FeedVersion>(`/feeds/${feed.id}/versions`);
  const [open, setOpen] = useState<number | null>(null);
  const rows = list.rows.map((row) => ({ ...row, id: String(row.version) }));
  return (
    <>
      <ListTable
        label="Versions"
        list={{ ...list, rows }}
        onOpen={(row) => setOpen(row.version)}
        empty={
          <Empty icon={IconHistory} title="No versions yet">
            Each time the content changes, a version is added here.
          </Empty>
        }
        columns={[
          {
            key: "version",
            title: "Version",
            cell: (row) => (
              <Button size="compact-sm" variant="subtle" onClick={() => setOpen(row.version)}>
                {row.version}
              </Button>
            ),
          },
          { key: "at", title: "Made", cell: (row) => <Time at={row.at} /> },
          { key: "source", title: "By", cell: (row) => row.source },
          {
            key: "request",
            title: "Request or push",
            wide: true,
            cell: (row) =>
              row.inbound_id ? (
                <Link to={`/inbox?open=${row.inbound_id}` as "/inbox"} className="mono">
                  {row.inbound_id}
                </Link>
              ) : row.request_id ? (
                <Link
                  to={`/integrations/${feed.integration_id}?tab=requests` as "/integrations"}
                  className="mono"
                >
                  {row.request_id}
                </Link>
              ) : (
                ""
              ),
          },
          { key: "bytes", title: "Size", align: "right", cell: (row) => bytes(row.bytes) },
        ]}
      />
      <Panel opened={open !== null} onClose={() => setOpen(null)} title={`Version ${open}`} size={620}>
        {open !== null && <OneVersion id={feed.id} version={open} />}
      </Panel>
    </>
  );
}

function OneVersion({ id, version }: { id: string; version: number }) {
  const document = useQuery({
    queryKey: ["feeds", id, "versions", version],
    queryFn: () => feeds.version(id, version),
    staleTime: Infinity,
  });
  if (document.error) return <Problem error={document.error} retry={() => void document.refetch()} />;
  if (!document.data) return <Skeleton height={200} />;
  return <DocumentView document={document.data.data} />;
}
