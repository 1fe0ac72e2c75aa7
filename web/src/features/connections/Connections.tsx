import { Button, Stack, Text } from "@mantine/core";
import { IconUserCheck } from "@tabler/icons-react";
import { Navigate } from "@tanstack/react-router";
import { isOver, nameOf } from "@/shared/account";
import type { Connection } from "@/shared/api/connections";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { useOpen } from "@/shared/subject";
import { useSync } from "@/shared/sync";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { ListTable } from "@/shared/ui/ListTable";
import { Named } from "@/shared/ui/Named";
import { Page, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { Reconnect } from "@/shared/ui/Reconnect";
import { Returned } from "@/shared/ui/Returned";
import { StateBadge } from "@/shared/ui/State";
import { SubjectLink } from "@/shared/ui/SubjectLink";
import { SyncProgress } from "@/shared/ui/SyncProgress";
import { Time } from "@/shared/ui/Time";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import { AllActions } from "./AllActions";
import { ConnectPanel } from "./ConnectPanel";
import classes from "./Connections.module.css";
import { Platforms } from "./Platforms";

const states = ["active", "degraded", "expired", "revoked", "disabled"];

/** The accounts that people have connected, and the platforms that more can be connected of. */
export default function Connections() {
  const [url, setUrl] = useUrlState();
  const may = useMay("editor");
  const { connection_id } = url;
  const some = useListing<Connection>("/connections", {}, { limit: 200 });
  const sync = useSync();
  if (connection_id) {
    // Back from a provider's page: on to what came of it.
    return (
      <Navigate
        to="/connections/$id"
        params={{ id: connection_id }}
        search={{ connection_id } as never}
        replace
      />
    );
  }
  return (
    <Page
      title="Connections"
      lead="Accounts that people have connected. Their access is renewed by itself for as long as the platform allows."
      actions={may && some.rows.length > 0 && <AllActions sync={sync} />}
    >
      <Returned />
      <Problem error={sync.error} />
      <SyncProgress progress={sync.progress} />
      <Platforms may={may} />
      <Accounts may={may} />
      <ConnectPanel
        provider={url.connect}
        onClose={() => setUrl({ connect: undefined, integration: undefined })}
      />
    </Page>
  );
}

function Accounts({ may }: { may: boolean }) {
  const [{ search, status, integration_id }, setUrl] = useUrlState();
  const list = useListing<Connection>("/connections", { search, status, integration_id }, { limit: 200 });
  const clear = () => setUrl({ search: undefined, status: undefined, integration_id: undefined });
  return (
    <Section title="Accounts">
      <Stack gap="sm">
        <Toolbar>
          <Search value={search} onChange={(search) => setUrl({ search })} label="Search accounts" />
          <Filter label="State" value={status} options={states} onChange={(status) => setUrl({ status })} />
          {integration_id && (
            <Button variant="default" onClick={() => setUrl({ integration_id: undefined })}>
              Of all integrations
            </Button>
          )}
        </Toolbar>
        <ListTable
          label="Accounts"
          list={list}
          onOpen={useOpen()}
          empty={
            search || status || integration_id ? (
              <NothingFits of="account" clear={clear} />
            ) : (
              <Empty icon={IconUserCheck} title="No accounts yet">
                Choose a platform above. Whoever owns the account agrees once, on the platform’s own page;
                from then on it is kept alive here.
              </Empty>
            )
          }
          columns={[
            {
              key: "account",
              title: "Account",
              cell: (row) => (
                <Named id={row.id} provider={row.provider}>
                  {nameOf(row)}
                </Named>
              ),
            },
            {
              key: "subject",
              title: "For",
              wide: true,
              cell: (row) => <SubjectLink subject={row.subject} />,
            },
            {
              key: "status",
              title: "State",
              cell: (row) => <StateBadge state={row.status} title={row.cause?.message} />,
            },
            {
              key: "cause",
              title: "Cause",
              wide: true,
              cell: (row) =>
                row.cause && (
                  <Text size="sm" className={`clip ${classes.cause}`} title={row.cause.message}>
                    {row.cause.message}
                  </Text>
                ),
            },
            {
              key: "expires",
              title: "Token expires",
              wide: true,
              cell: (row) =>
                isOver(row) ? <span className="dim">ended</span> : <Time at={row.expires_at} />,
            },
            {
              key: "refreshed",
              title: "Last renewed",
              wide: true,
              cell: (row) => <Time at={row.refreshed_at} never="not yet" />,
            },
            { key: "synced", title: "Last sync", cell: (row) => <Time at={row.synced_at} never="not yet" /> },
            {
              key: "do",
              title: "",
              wide: true,
              align: "right",
              cell: (row) =>
                may &&
                isOver(row) && (
                  <Reconnect id={row.id} name={nameOf(row)} size="compact-xs" variant="default" />
                ),
            },
          ]}
        />
      </Stack>
    </Section>
  );
}
