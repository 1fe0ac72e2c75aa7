import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconHistory, IconRestore } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Json } from "@/shared/api/integrations";
import type { Member } from "@/shared/api/session";
import { workflows, type Version, type Workflow } from "@/shared/api/workflows";
import { useListing } from "@/shared/listing";
import { useMay, useMe } from "@/shared/me";
import { plural } from "@/shared/text";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Section } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { draftsAreGone } from "./draft";
import classes from "./Versions.module.css";

/** Every version is kept, says what was changed, and can be had again. */
export function Versions({ workflow }: { workflow: Workflow }) {
  const list = useListing<Version>(`/workflows/${workflow.id}/versions`);
  const rows = list.rows.map((row) => ({ ...row, id: String(row.version) }));
  const [open, setOpen] = useState<number>();
  const whoIs = useActors(rows.some(({ actor }) => actor.startsWith("usr_")));
  return (
    <>
      <ListTable
        label="Versions"
        list={{ ...list, rows }}
        onOpen={({ version }) => setOpen(version)}
        empty={<Empty icon={IconHistory} title="No versions" small />}
        columns={[
          {
            key: "version",
            title: "Version",
            cell: (row) => (
              <button type="button" className="named link" onClick={() => setOpen(row.version)}>
                {row.version}
                {row.version === workflow.version && <StateBadge state="active">runs now</StateBadge>}
              </button>
            ),
          },
          { key: "name", title: "Name", wide: true, cell: (row) => row.definition.name },
          {
            key: "steps",
            title: "Steps",
            wide: true,
            cell: (row) => plural(row.definition.steps.length, "step"),
          },
          { key: "actor", title: "By", cell: (row) => whoIs(row.actor) },
          { key: "at", title: "Saved", cell: (row) => <Time at={row.at} /> },
        ]}
      />
      <Panel
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={`Version ${open}`}
        size={680}
      >
        {open !== undefined && <One workflow={workflow} version={open} done={() => setOpen(undefined)} />}
      </Panel>
    </>
  );
}

function useActors(needed: boolean): (actor: string) => string {
  const { user } = useMe();
  const members = useListing<Member>("/members", {}, { limit: 200, enabled: needed });
  return (actor) => {
    if (actor === user.id) return "you";
    const member = members.rows.find(({ user_id }) => user_id === actor);
    return member?.name || member?.email || (actor.startsWith("key_") ? "an API key" : actor);
  };
}

function One({ workflow, version, done }: { workflow: Workflow; version: number; done: () => void }) {
  const may = useMay("editor");
  const read = useQuery({
    queryKey: ["workflows", workflow.id, "versions", version],
    queryFn: () => workflows.version(workflow.id, version),
    staleTime: Infinity,
  });
  const restore = useAct(() => workflows.restore(workflow.id, version), {
    stale: ["workflows"],
    say: `What version ${version} said is the newest version now.`,
    done: () => {
      draftsAreGone(workflow.id);
      done();
    },
  });
  if (read.error) return <Problem error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton height={240} />;
  const { changes = [], definition } = read.data;
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="dim">
          Saved <Time at={read.data.at} />
        </Text>
        {may && version !== workflow.version && (
          <Button
            variant="default"
            leftSection={<IconRestore size={15} />}
            onClick={() => void restore.run()}
            loading={restore.busy}
          >
            Restore
          </Button>
        )}
      </Group>
      <Problem error={restore.error} />
      {version > 1 && (
        <Section title={`Changed since version ${version - 1}`}>
          <Changes of={changes} />
        </Section>
      )}
      <Section title="Definition">
        <JsonCode label={`Version ${version}`} value={pretty(definition)} />
      </Section>
    </Stack>
  );
}

function Changes({ of }: { of: NonNullable<Version["changes"]> }) {
  if (of.length === 0)
    return (
      <Text size="sm" className="dim">
        Nothing.
      </Text>
    );
  return (
    <ul className={classes.changes}>
      {of.map(({ pointer, kind, before, after }) => (
        <li key={pointer}>
          <Text size="xs" className="mono break">
            {pointer || "/"} <span className="dim">{kind}</span>
          </Text>
          {kind !== "added" && <Side sign="−" word="before" value={before} />}
          {kind !== "removed" && <Side sign="+" word="after" value={after} />}
        </li>
      ))}
    </ul>
  );
}

function Side({ sign, word, value }: { sign: string; word: "before" | "after"; value: Json | undefined }) {
  return (
    <pre className={classes.side} data-side={word} tabIndex={0} aria-label={word}>
      {pretty(value ?? null)
        .split("\n")
        .map((line) => `${sign} ${line}`)
        .join("\n")}
    </pre>
  );
}
