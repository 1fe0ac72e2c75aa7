import { Button, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Fields, Integration } from "@/shared/api/integrations";
import { widgetConfigs, type Widget, type WidgetConfig } from "@/shared/api/widgets";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { useListing } from "@/shared/listing";
import { providerQuery } from "@/shared/providers";
import { isEmpty } from "@/shared/schema";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";

/** The options of one place, asked for as the providers of its integrations describe them. */
export function PlaceForm({
  widget,
  place,
  done,
}: {
  widget: Widget;
  place: WidgetConfig | null;
  done: (saved: WidgetConfig) => void;
}) {
  const [name, setName] = useState(place?.name ?? "");
  const [options, setOptions] = useState<Fields>(place?.options ?? {});
  const fed = useListing<Integration>("/integrations", { widget_id: widget.id });
  const ids = [...new Set(fed.rows.map(({ provider }) => provider))];
  const providers = useQueries({ queries: ids.map(providerQuery) });
  const save = useAct(
    () =>
      place
        ? widgetConfigs.change(place.id, { name, options })
        : widgetConfigs.create({ widget_id: widget.id, name, options }),
    {
      stale: ["widget-configs", "widgets", "feeds", "graph"],
      done,
    },
  );
  if (fed.pending || providers.some(({ isPending }) => isPending)) return <Skeleton height={200} />;
  return (
    <Stack>
      <TextInput
        label="Name"
        description="Where it is shown, such as Lobby"
        withAsterisk
        value={name}
        error={save.errors.find(({ pointer }) => pointer === "/name")?.message}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      {fed.rows.length === 0 && (
        <Text size="sm">Nothing feeds {widget.name} yet. Add a source first, or the place stays empty.</Text>
      )}
      {providers.map(
        ({ data }) =>
          data &&
          !isEmpty(data.config_schema) && (
            <Section key={data.id} title={`Options for ${data.name}`}>
              {/* What the integration has set already need not be said again. */}
              <SchemaForm
                schema={{ ...data.config_schema, required: [] }}
                value={options}
                onChange={setOptions}
                errors={save.errors}
                base="/options"
              />
            </Section>
          ),
      )}
      <Problem error={save.error} />
      <Button onClick={() => void save.run()} loading={save.busy} disabled={!name.trim()}>
        {place ? "Save" : "Place it"}
      </Button>
    </Stack>
  );
}
