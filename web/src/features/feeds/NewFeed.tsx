import { Anchor, Button, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { feeds, type FeedDraft } from "@/shared/api/feeds";
import type { Integration } from "@/shared/api/integrations";
import { useListing } from "@/shared/listing";
import { useIntegration } from "@/shared/providers";
import { Problem } from "@/shared/ui/Problem";
import { FeedFields } from "./FeedFields";

/** A feed of an integration that is there. */
export function NewFeed({ integration: given }: { integration?: string }) {
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const [chosen, setChosen] = useState(given);
  const list = useListing<Integration>(
    "/integrations",
    { search: given ? undefined : search },
    { limit: 50 },
  );
  const integration = useIntegration(chosen);
  const names = new Map(
    [...list.rows, ...(integration.data ? [integration.data] : [])].map(({ id, name }) => [id, name]),
  );
  return (
    <Stack>
      <Select
        label="Integration"
        description="Where the data comes from"
        withAsterisk
        searchable
        data={[...names].map(([value, label]) => ({ value, label }))}
        value={chosen ?? null}
        onChange={(next) => setChosen(next ?? undefined)}
        onSearchChange={setTyped}
        filter={({ options }) => options}
        nothingFoundMessage="None by that name"
      />
      {!list.pending && list.rows.length === 0 && !typed && (
        <Text size="sm">
          There is no integration yet.{" "}
          <Anchor component={Link} to="/integrations?add=1" size="sm">
            Add one first.
          </Anchor>
        </Text>
      )}
      <Problem error={integration.error} />
      {integration.data && <Details key={integration.data.id} integration={integration.data} />}
    </Stack>
  );
}

function Details({ integration }: { integration: Integration }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<FeedDraft>({
    name: integration.name,
    integration_id: integration.id,
    mode: integration.mode,
  });
  const create = useAct(feeds.create, {
    stale: ["feeds", "graph", "integrations", "status"],
    done: (feed) => void navigate({ to: "/feeds/$id", params: { id: feed.id } }),
  });
  return (
    <>
      <TextInput
        label="Name"
        withAsterisk
        value={draft.name}
        error={create.errors.find(({ pointer }) => pointer === "/name")?.message}
        onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
      />
      <FeedFields integration={integration} draft={draft} onChange={setDraft} errors={create.errors} />
      <Problem error={create.error} />
      <Button onClick={() => void create.run(draft)} loading={create.busy} disabled={!draft.name.trim()}>
        Add feed
      </Button>
    </>
  );
}
