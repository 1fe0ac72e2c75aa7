import { ActionIcon, Group, Select, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useAct } from "@/shared/act";
import { integrations, type Integration } from "@/shared/api/integrations";
import type { Widget } from "@/shared/api/widgets";
import { useListing } from "@/shared/listing";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { StateIcon } from "@/shared/ui/State";

/** The integrations whose data a widget shows. */
export function FedBy({ widget, may }: { widget: Widget; may: boolean }) {
  const fed = useListing<Integration>("/integrations", { widget_id: widget.id });
  const all = useListing<Integration>("/integrations", {}, { limit: 200, enabled: may });
  const attach = useAct(integrations.attach, {
    stale: ["integrations", "widgets", "widget-configs", "graph"],
    sayError: true,
  });
  const free = all.rows.filter(({ widget_id }) => !widget_id);
  return (
    <Section title="Fed by">
      <Problem error={fed.error} retry={fed.retry} />
      <Group gap="xs">
        {fed.rows.map((row) => (
          <Group key={row.id} gap={8} className="box" py={5} px={10} wrap="nowrap">
            <ProviderIcon provider={row.provider} size={22} />
            <Link to="/integrations/$id" params={{ id: row.id }} className="named">
              {row.name}
            </Link>
            <StateIcon state={row.status} />
            {may && (
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={`Detach ${row.name}`}
                onClick={() => void attach.run(row.id, null)}
                loading={attach.busy}
              >
                <IconX size={14} />
              </ActionIcon>
            )}
          </Group>
        ))}
        {!fed.pending && fed.rows.length === 0 && (
          <Text size="sm" className="dim">
            Nothing feeds it yet.
          </Text>
        )}
        {may && free.length > 0 && (
          <Select
            size="sm"
            w={220}
            placeholder="Attach an integration"
            aria-label="Attach an integration"
            searchable
            value={null}
            data={free.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(id) => id && void attach.run(id, widget.id)}
          />
        )}
      </Group>
    </Section>
  );
}
