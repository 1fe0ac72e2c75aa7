import { ActionIcon, Button, MultiSelect, Stack, Switch, TextInput } from "@mantine/core";
import { IconDeviceTv, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { players, type Player, type WidgetConfig } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { Confirm } from "@/shared/ui/Confirm";
import { OneTime } from "@/shared/ui/CopyField";
import { addedColumn } from "@/shared/ui/columns";
import { Empty } from "@/shared/ui/Empty";
import { ListTable } from "@/shared/ui/ListTable";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";

/** The devices that may read widgets, each with a token of its own. */
export function Players({ add }: { add?: () => void }) {
  const [{ sort }, setUrl] = useUrlState();
  const list = useListing<Player>("/players", { sort });
  const places = useListing<WidgetConfig>("/widget-configs", {}, { limit: 200 });
  const names = new Map(places.rows.map(({ id, name }) => [id, name]));
  const toggle = useAct((player: Player) => players.change(player.id, { enabled: !player.enabled }), {
    stale: ["players"],
    sayError: true,
  });
  return (
    <>
      <ListTable
        label="Players"
        list={list}
        sort={sort}
        onSort={(sort) => setUrl({ sort })}
        empty={
          <Empty
            icon={IconDeviceTv}
            title="No players yet"
            action={add && <Button onClick={add}>Add a player</Button>}
          >
            A player is a screen or a program that shows widgets. Its token reads exactly the widgets you give
            it.
          </Empty>
        }
        columns={[
          { key: "name", title: "Name", sort: "name", cell: ({ name }) => name },
          {
            key: "token",
            title: "Token",
            wide: true,
            cell: ({ token_preview }) => <span className="mono nowrap">{token_preview}</span>,
          },
          {
            key: "widgets",
            title: "Shows",
            wide: true,
            cell: ({ widget_config_ids }) => widget_config_ids.map((id) => names.get(id) ?? id).join(", "),
          },
          addedColumn,
          { key: "seen", title: "Last seen", cell: ({ last_seen_at }) => <Time at={last_seen_at} /> },
          {
            key: "enabled",
            title: "On",
            cell: (player) => (
              <Switch
                size="sm"
                checked={player.enabled}
                disabled={!add || toggle.busy}
                aria-label={`${player.name} may read`}
                onChange={() => void toggle.run(player)}
              />
            ),
          },
          {
            key: "delete",
            title: "",
            align: "right",
            cell: (player) =>
              add && (
                <Confirm
                  title={`Delete ${player.name}?`}
                  verb="Delete the player"
                  act={() => players.remove(player.id)}
                  stale={["players", "graph"]}
                  trigger={(open) => (
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Delete ${player.name}`}
                      onClick={open}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  )}
                >
                  Its token stops working at once. To let the device in again, add a new player.
                </Confirm>
              ),
          },
        ]}
      />
    </>
  );
}

export function NewPlayer({ done }: { done: () => void }) {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const [made, setMade] = useState<Player | null>(null);
  const places = useListing<WidgetConfig>("/widget-configs", {}, { limit: 200 });
  const create = useAct(players.create, { stale: ["players", "graph"], done: setMade });
  if (made?.token) {
    return (
      <Stack>
        <OneTime value={made.token} what="the player’s token" />
        <Button onClick={done}>I have copied it</Button>
      </Stack>
    );
  }
  return (
    <Stack>
      <TextInput
        label="Name"
        description="Which device it is, such as Lobby screen"
        withAsterisk
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <MultiSelect
        label="Shows"
        description="The placed widgets that it may read, and no others"
        searchable
        data={places.rows.map(({ id, name, widget_slug }) => ({
          value: id,
          label: `${name} (${widget_slug})`,
        }))}
        value={chosen}
        onChange={setChosen}
        nothingFoundMessage="No widget is placed yet"
      />
      <Problem error={create.error} />
      <Button
        onClick={() => void create.run({ name, widget_config_ids: chosen })}
        loading={create.busy}
        disabled={!name.trim() || chosen.length === 0}
      >
        Add player
      </Button>
    </Stack>
  );
}
