import { Alert, Button, Progress, Stack, Text } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { instance } from "@/shared/api/instance";
import { useMay, useMe } from "@/shared/me";
import { count, plural } from "@/shared/text";
import { AuditTrail } from "@/shared/ui/AuditTrail";
import { Confirm } from "@/shared/ui/Confirm";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";

/** The two keys under everything, and their rotation while the house keeps running. */
export default function SecurityTab() {
  return (
    <Stack gap="lg" maw={820}>
      <Section title="Key of this workspace">
        <WorkspaceKey />
      </Section>
      <Section title="Master key of the instance">
        <MasterKey />
      </Section>
      <Section title="Who touched what">
        <div className="box">
          <AuditTrail path="/audit" />
        </div>
      </Section>
    </Stack>
  );
}

function WorkspaceKey() {
  const { workspace } = useMe();
  const owner = useMay("owner");
  const rotation = useQuery({
    queryKey: ["rotation", workspace.id],
    queryFn: () => instance.rotation(workspace.id),
    enabled: owner,
    refetchInterval: ({ state }) => (state.data?.state === "running" ? 1_000 : false),
  });
  const now = rotation.data;
  return (
    <Stack className="box" gap="sm">
      <Text size="sm">
        Encrypts the credentials and documents of this workspace alone. Rotation makes a new key and writes
        everything anew with it, while feeds go on.
      </Text>
      <Problem error={rotation.error} retry={() => void rotation.refetch()} />
      {now && (
        <Facts
          of={[
            ["Version", count(now.version)],
            ["Rotated", <Time key="r" at={now.rotated_at} />],
          ]}
        />
      )}
      {now?.state === "running" && (
        <div>
          <Text size="sm" aria-live="polite">
            Rotating: {plural(now.done, "row")} under the new key so far
          </Text>
          <Progress value={100} animated aria-label="Rotation of the workspace key" />
        </div>
      )}
      <Rotate
        what="the workspace key"
        may={owner}
        who="An owner of the workspace can rotate it."
        busy={now?.state === "running"}
        act={() => instance.rotateWorkspaceKey(workspace.id)}
        stale={["rotation", "instance", "audit"]}
      />
    </Stack>
  );
}

function MasterKey() {
  const { user } = useMe();
  const about = useQuery({ queryKey: ["instance"], queryFn: instance.get });
  const [wrapped, setWrapped] = useState<number>();
  return (
    <Stack className="box" gap="sm">
      <Text size="sm">
        Wraps the keys of all workspaces. Rotation wraps them anew; no data has to be written again.
      </Text>
      <Problem error={about.error} retry={() => void about.refetch()} />
      {about.data && (
        <Facts
          of={[
            [
              "Id",
              <span key="i" className="mono">
                {about.data.master_key.id ?? "–"}
              </span>,
            ],
            ["Kept in", about.data.master_key.source],
          ]}
        />
      )}
      {wrapped !== undefined && (
        <Alert color="green">Done: {plural(wrapped, "data key")} wrapped anew.</Alert>
      )}
      <Rotate
        what="the master key"
        may={user.instance_owner}
        who="The owner of the instance can rotate it."
        act={async () => setWrapped((await instance.rotateMasterKey()).data_keys)}
        stale={["instance", "audit"]}
      />
    </Stack>
  );
}

interface RotateProps {
  what: string;
  may: boolean;
  who: ReactNode;
  busy?: boolean;
  act: () => Promise<unknown>;
  stale: string[];
}

function Rotate({ what, may, who, busy, act, stale }: RotateProps) {
  if (!may) {
    return (
      <Text size="sm" className="dim">
        {who}
      </Text>
    );
  }
  return (
    <Confirm
      title={`Rotate ${what}?`}
      verb="Rotate"
      act={act}
      stale={stale}
      trigger={(open) => (
        <Button
          variant="default"
          leftSection={<IconRotate size={16} />}
          onClick={open}
          w="fit-content"
          disabled={busy}
        >
          Rotate {what}
        </Button>
      )}
    >
      Nothing stops meanwhile. It cannot be taken back.
    </Confirm>
  );
}
