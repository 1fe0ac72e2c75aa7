import { Button, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { widgets } from "@/shared/api/widgets";
import { slug as slugOf } from "@/shared/text";
import { Problem } from "@/shared/ui/Problem";

/** A kind of display. What feeds it is added on its page. */
export function NewWidget() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState<string>();
  const [description, setDescription] = useState("");
  const create = useAct(
    () =>
      widgets.create({
        name,
        slug: slug ?? slugOf(name),
        description: description || undefined,
      }),
    {
      stale: ["widgets", "graph"],
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
      <Problem error={create.error} />
      <Button onClick={() => void create.run()} loading={create.busy} disabled={!name.trim()}>
        Add widget
      </Button>
    </Stack>
  );
}
