import { Alert, Code, Skeleton, Stack } from "@mantine/core";
import { IconAlertTriangle, IconLockOpen, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useAct } from "@/shared/act";
import { inbox } from "@/shared/api/inbox";
import { useMay } from "@/shared/me";
import { bytes } from "@/shared/text";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateHead } from "@/shared/ui/StateHead";
import { Time } from "@/shared/ui/Time";

/** The scheme that proved the sender; in red when nothing did. */
export function VerifiedBy({ scheme }: { scheme: string }) {
  const unsigned = scheme === "unsigned";
  const Mark = unsigned ? IconLockOpen : IconShieldCheck;
  return (
    <span className={unsigned ? "unsigned nowrap" : "nowrap"}>
      <Mark size={15} aria-hidden style={{ verticalAlign: "-3px" }} /> {scheme}
    </span>
  );
}

export function InboundDetail({ id, integration }: { id: string; integration: (id: string) => string }) {
  const event = useQuery({ queryKey: ["inbound-events", id], queryFn: () => inbox.get(id) });
  const replay = useAct(inbox.replay, {
    stale: ["inbound-events", "feeds"],
    say: "It was put in line again.",
  });
  const may = useMay("editor");
  if (event.error) return <Problem error={event.error} retry={() => void event.refetch()} />;
  if (!event.data) return <Skeleton height={260} />;
  const shown = event.data;
  return (
    <Stack>
      <StateHead
        state={shown.state}
        again={
          may && { label: "Replay", act: () => void replay.run(id), busy: replay.busy, error: replay.error }
        }
      />
      {shown.parse_error && (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title="Stored as it came">
          The body could not be read: {shown.parse_error}
        </Alert>
      )}
      <Facts
        of={[
          ["Event", shown.event_type ?? "push"],
          [
            "Event id",
            <span key="e" className="mono">
              {shown.event_id ?? "none"}
            </span>,
          ],
          ["Received", <Time key="r" at={shown.received_at} />],
          ["Verified by", <VerifiedBy key="v" scheme={shown.verified_by} />],
          [
            "Integration",
            <Link key="i" to="/integrations/$id" params={{ id: shown.integration_id }}>
              {integration(shown.integration_id)}
            </Link>,
          ],
          [
            "Feed",
            shown.feed_id ? (
              <Link key="f" to="/feeds/$id" params={{ id: shown.feed_id }}>
                Open the feed
              </Link>
            ) : (
              "none"
            ),
          ],
          [
            "From",
            <span key="a" className="mono">
              {shown.remote_addr ?? "unknown"}
            </span>,
          ],
          ["Body", `${shown.content_type ?? "no type"}, ${bytes(shown.bytes)}`],
        ]}
      />
      <Section title="Payload">
        {typeof shown.payload === "string" ? (
          <Code block tabIndex={0}>
            {shown.payload}
          </Code>
        ) : (
          <JsonCode value={pretty(shown.payload)} label="Payload" minHeight={80} />
        )}
      </Section>
      <Section title="Headers">
        <Code block tabIndex={0}>
          {Object.entries(shown.headers)
            .map(([name, value]) => `${name}: ${value}`)
            .join("\n") || "None were kept."}
        </Code>
      </Section>
    </Stack>
  );
}
