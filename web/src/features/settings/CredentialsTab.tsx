import { ActionIcon, Stack } from "@mantine/core";
import { IconLock, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { credentials, type Credential } from "@/shared/api/integrations";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { AuditTrail } from "@/shared/ui/AuditTrail";
import { Confirm } from "@/shared/ui/Confirm";
import { addedColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Panel } from "@/shared/ui/Panel";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateBadge } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import { Filter } from "@/shared/ui/Filter";
import { Search, Toolbar } from "@/shared/ui/Toolbar";

/** Every secret that is kept: whose it is and how it is, never what it is. */
export default function CredentialsTab() {
  const [url, setUrl] = useUrlState();
  const { search, sort, scope } = url;
  const list = useListing<Credential>("/credentials", { search, sort, scope });
  const may = useMay("admin");
  const name = (row: Credential) => row.name || row.provider;
  return (
    <Stack gap="sm">
      <Toolbar>
        <Search value={search} onChange={(search) => setUrl({ search })} label="Search credentials" />
        <Filter
          label="Scope"
          value={scope}
          options={["workspace", "widget", "network"]}
          onChange={(scope) => setUrl({ scope })}
        />
      </Toolbar>
      <ListTable
        label="Credentials"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        onOpen={({ id }) => setUrl({ open: id })}
        empty={
          <Empty icon={IconLock} title="No credentials yet">
            They are asked for when you add an integration that needs them.
          </Empty>
        }
        columns={[
          {
            key: "name",
            title: "Name",
            sort: "name",
            cell: (row) => (
              <button type="button" className="named link" onClick={() => setUrl({ open: row.id })}>
                <ProviderIcon provider={row.provider} />
                <span>{name(row)}</span>
              </button>
            ),
          },
          {
            key: "state",
            title: "State",
            cell: (row) => (
              <StateBadge state={row.is_valid ? "valid" : row.validated_at ? "invalid" : "unverified"} />
            ),
          },
          { key: "scope", title: "Scope", wide: true, cell: (row) => row.scope },
          {
            key: "owner",
            title: "Owner",
            wide: true,
            cell: (row) => <span className="clip">{ownerOf(row)}</span>,
          },
          { key: "validated", title: "Validated", wide: true, cell: (row) => <Time at={row.validated_at} /> },
          addedColumn,
          { key: "rotated", title: "Rotated", wide: true, cell: (row) => <Time at={row.rotated_at} /> },
          {
            key: "rotate",
            title: "",
            align: "right",
            cell: (row) =>
              may &&
              row.integration_id && (
                <Link to={`/integrations/${row.integration_id}?tab=credential` as "/integrations"}>
                  Rotate
                </Link>
              ),
          },
          {
            key: "delete",
            title: "",
            align: "right",
            cell: (row) =>
              may && (
                <Confirm
                  title="Delete this credential?"
                  verb="Delete the credential"
                  act={() => credentials.remove(row.id)}
                  stale={["credentials", "integrations", "status"]}
                  trigger={(open) => (
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Delete the credential ${name(row)}`}
                      onClick={open}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  )}
                >
                  Feeds that need it fail from the next pull on. It cannot be brought back.
                </Confirm>
              ),
          },
        ]}
      />
      <Panel opened={url.open !== undefined} onClose={() => setUrl({ open: undefined })} title="Credential">
        {url.open && <AuditTrail path={`/credentials/${url.open}/audit`} />}
      </Panel>
    </Stack>
  );
}

function ownerOf({ owner }: Credential): string {
  if (owner.instance) return "all workspaces";
  return owner.widget_config_id ?? "this workspace";
}
