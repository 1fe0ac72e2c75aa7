import { Text } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useUrlState, whole } from "../listing";
import type { ConnectorType } from "../api/actions";
import { Empty } from "./Empty";
import { ListTable } from "./ListTable";
import { Panel } from "./Panel";
import { Effect, TryAction } from "./TryAction";

/** What a service can do; an action opens beside, to be tried. */
export function ActionList({ type, integration }: { type: ConnectorType; integration?: string }) {
  const [url, setUrl] = useUrlState();
  const rows = type.actions.map((action) => ({ ...action, id: action.name }));
  const open = type.actions.find(({ name }) => name === url.action);
  return (
    <>
      <ListTable
        label={`Actions of ${type.name}`}
        list={whole(rows)}
        onOpen={({ name }) => setUrl({ action: name })}
        empty={<Empty icon={IconBolt} title="It can do nothing yet" small />}
        columns={[
          {
            key: "title",
            title: "Action",
            cell: (row) => (
              <>
                <button type="button" className="named link" onClick={() => setUrl({ action: row.name })}>
                  {row.title}
                </button>
                <Text size="xs" className="dim">
                  {row.description}
                </Text>
              </>
            ),
          },
          {
            key: "name",
            title: "Name",
            wide: true,
            cell: (row) => <span className="mono">{row.name}</span>,
          },
          { key: "effect", title: "Effect", cell: (row) => <Effect of={row} /> },
        ]}
      />
      <Panel
        opened={!!open}
        onClose={() => setUrl({ action: undefined })}
        title={open ? `${type.name}: ${open.title}` : ""}
        size={680}
      >
        {open && <TryAction key={open.name} provider={type.type} action={open} integration={integration} />}
      </Panel>
    </>
  );
}
