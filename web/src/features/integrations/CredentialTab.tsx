import { Button, Group, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import {
  credentials,
  type Credential,
  type Fields,
  type Integration,
  type Provider,
} from "@/shared/api/integrations";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { isEmpty, missingIn } from "@/shared/schema";
import { AuditTrail } from "@/shared/ui/AuditTrail";
import { Empty } from "@/shared/ui/Empty";
import { Facts, Section } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";

/** What is stored, masked; how it is replaced; who touched it. */
export function CredentialTab({ integration, provider }: { integration: Integration; provider: Provider }) {
  const list = useListing<Credential>("/credentials", { integration_id: integration.id });
  const [open, setOpen] = useState<Credential | "new" | null>(null);
  const may = useMay("admin");
  if (isEmpty(provider.credentials_schema)) {
    return (
      <Empty icon={IconKey} title="No credentials needed">
        {provider.name} is open to everybody.
      </Empty>
    );
  }
  return (
    <Stack>
      <Problem error={list.error} retry={list.retry} />
      {!list.pending && list.rows.length === 0 && !list.error && (
        <Empty
          icon={IconKey}
          title="No credential yet"
          action={may && <Button onClick={() => setOpen("new")}>Add credentials</Button>}
        >
          Without it, {provider.name} refuses what we ask. It is encrypted with this workspace’s own key and
          never shown again.
        </Empty>
      )}
      {list.rows.map((credential) => (
        <Section
          key={credential.id}
          title={`${credential.scope} credential`}
          aside={may && <Actions credential={credential} rotate={() => setOpen(credential)} />}
        >
          <Stack className="box">
            <Facts
              of={[
                [
                  "State",
                  <StateBadge
                    key="s"
                    state={credential.is_valid ? "valid" : credential.validated_at ? "invalid" : "unverified"}
                  />,
                ],
                ["Last validated", <Time key="v" at={credential.validated_at} />],
                ["Version", credential.version],
                ["Rotated", <Time key="r" at={credential.rotated_at} />],
                ...Object.entries(credential.credentials).map(([name, value]): [string, React.ReactNode] => [
                  name,
                  <span key={name} className="mono">
                    {String(value)}
                  </span>,
                ]),
              ]}
            />
            <AuditTrail path={`/credentials/${credential.id}/audit`} />
          </Stack>
        </Section>
      ))}
      <Panel
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={open === "new" ? "Add credentials" : "Rotate credentials"}
      >
        {open && (
          <CredentialForm
            credential={open === "new" ? null : open}
            integration={integration}
            provider={provider}
            done={() => setOpen(null)}
          />
        )}
      </Panel>
    </Stack>
  );
}

function Actions({ credential, rotate }: { credential: Credential; rotate: () => void }) {
  const validate = useAct(credentials.validate, {
    stale: ["credentials", "integrations", "status"],
    say: "The credential was checked.",
    sayError: true,
  });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void validate.run(credential.id)}
        loading={validate.busy}
      >
        Check now
      </Button>
      <Button size="compact-sm" variant="default" onClick={rotate}>
        Rotate
      </Button>
    </Group>
  );
}

function CredentialForm({
  credential,
  integration,
  provider,
  done,
}: {
  credential: Credential | null;
  integration: Integration;
  provider: Provider;
  done: () => void;
}) {
  const [value, setValue] = useState<Fields>(() => ({ ...credential?.credentials }));
  const [tried, setTried] = useState(false);
  const missing = missingIn(provider.credentials_schema, value, "/credentials");
  const save = useAct(
    () =>
      credential
        ? credentials.rotate(credential.id, value)
        : credentials.create({
            integration_id: integration.id,
            scope: integration.credential_scope,
            credentials: value,
          }),
    { stale: ["credentials", "integrations", "status"], say: "Stored, encrypted.", done },
  );
  return (
    <Stack>
      <Text size="sm" className="dim">
        {credential
          ? "The next request uses the new values. What you leave masked stays as it is."
          : "Encrypted with this workspace’s own key, never shown again."}
      </Text>
      <SchemaForm
        schema={provider.credentials_schema}
        value={value}
        onChange={setValue}
        errors={[...save.errors, ...(tried ? missing : [])]}
        base="/credentials"
      />
      <Problem error={save.error} />
      <Button
        loading={save.busy}
        onClick={() => {
          setTried(true);
          if (missing.length === 0) void save.run();
        }}
      >
        {credential ? "Rotate" : "Store"}
      </Button>
    </Stack>
  );
}
