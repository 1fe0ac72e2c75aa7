import { Anchor, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { instance } from "@/shared/api/instance";
import { bytes } from "@/shared/text";
import { duration } from "@/shared/time";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";

export default function AboutTab() {
  const about = useQuery({ queryKey: ["instance"], queryFn: instance.get });
  if (about.error) return <Problem error={about.error} retry={() => void about.refetch()} />;
  if (!about.data) return <Skeleton height={120} />;
  const { version, database, uptime_s, demo } = about.data;
  return (
    <Stack gap="lg" maw={820}>
      <Section title="This instance">
        <div className="box">
          <Facts
            of={[
              ["Patchbay", version],
              ["Database", database.kind],
              ["Size", database.bytes == null ? "–" : bytes(database.bytes)],
              ["Running for", duration(uptime_s * 1000)],
              ["Demo", demo ? "yes" : "no"],
            ]}
          />
        </div>
      </Section>
      <Section title="For programs">
        <div className="box">
          The API is described by <Anchor href="/api/v1/openapi">its OpenAPI document</Anchor>. Errors carry a
          code, each explained in <span className="mono">docs/errors/</span>.
        </div>
      </Section>
      <Section title="Keyboard">
        <div className="box">
          <Facts
            of={[
              ["Ctrl K", "search and commands"],
              ["/", "search this list"],
              ["g, then h i f w b s ,", "go to a room"],
              ["Esc", "close what is open"],
            ]}
          />
        </div>
      </Section>
    </Stack>
  );
}
