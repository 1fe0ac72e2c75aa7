import { Code, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Feed } from "@/shared/api/feeds";
import { widgetConfigs } from "@/shared/api/widgets";
import { CopyIcon } from "@/shared/ui/CopyField";
import { Named } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";

/** Who reads a feed, and how a program does. */
export function Readers({ feed }: { feed: Feed }) {
  const address = `${window.location.origin}/api/v1/feeds/${feed.id}`;
  const read = `curl -H "Authorization: Bearer $PATCHBAY_KEY" \\\n  "${address}/data?version=${feed.version}"`;
  const watch = `curl -N -H "Authorization: Bearer $PATCHBAY_KEY" \\\n  "${address}/events"`;
  return (
    <Stack>
      <Section title="Widgets">
        {feed.readers.length === 0 ? (
          <Text size="sm" className="dim">
            No widget shows this feed yet.
          </Text>
        ) : (
          <ul className="plain">
            {feed.readers.map((id) => (
              <li key={id}>
                <Reader id={id} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Snippet title="Read it: 304 while the version is yours, else the new document" text={read} />
      <Snippet title="Watch it: each new version as it is made" text={watch} />
      <Text size="sm" className="dim">
        The key needs the scope <span className="mono">feeds:read</span>. Make one in{" "}
        <Link to={"/settings?tab=keys" as "/settings"}>Settings</Link>.
      </Text>
    </Stack>
  );
}

function Reader({ id }: { id: string }) {
  const place = useQuery({ queryKey: ["widget-configs", id], queryFn: () => widgetConfigs.get(id) });
  return <Named id={id}>{place.data?.name ?? id}</Named>;
}

function Snippet({ title, text }: { title: string; text: string }) {
  return (
    <Section title={title} aside={<CopyIcon value={text} label="Copy" />}>
      <Code block tabIndex={0}>
        {text}
      </Code>
    </Section>
  );
}
