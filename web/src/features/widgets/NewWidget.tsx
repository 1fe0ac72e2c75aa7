import { Button, MultiSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { integrations, type Integration } from "@/shared/api/integrations";
import { widgets } from "@/shared/api/widgets";
import { useListing } from "@/shared/listing";
import { slug as slugOf } from "@/shared/text";
import { Problem } from "@/shared/ui/Problem";

/** A kind of display, and the integrations that feed it. */
export function NewWidget() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState<string>();
  const [description, setDescription] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const list = useListing<Integration>("/integrations", {}, { limit: 200 });
  const create = useAct(
    async () => {
      const made = await widgets.create({
        name,
        slug: slug ?? slugOf(name),
        description: description || undefined,
      });
      for (const id of chosen) await integrations.attach(id, made.id);
      return made;
    },
    {
      stale: ["widgets", "integrations", "graph"],
      done: ({ id }) => void navigate({ to: "/widgets/$id", params: { id } }),
    },
  );
  const said = (field: string) => create.errors.find(({ pointer }) => pointer === `/${field}`)?.message;
  return (
    <Stack>
      <TextInput
        label="Name"
        withAsterisk
        value={name}
        error={said("name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Slug"
        description="How programs name it"
        value={slug ?? slugOf(name)}
        error={said("slug")}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <MultiSelect
        label="Fed by"
        description="Each place of the widget gets a feed from each of these"
        searchable
        data={list.rows
          .filter(({ widget_id }) => !widget_id)
          .map(({ id, name }) => ({ value: id, label: name }))}
        value={chosen}
        onChange={setChosen}
        nothingFoundMessage="No integration is free"
      />
      <Problem error={create.error} />
      <Button onClick={() => void create.run()} loading={create.busy} disabled={!name.trim()}>
        Add widget
      </Button>
    </Stack>
  );
}
