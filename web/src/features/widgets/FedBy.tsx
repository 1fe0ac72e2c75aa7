import { Button, Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Integration } from "@/shared/api/integrations";
import type { Widget } from "@/shared/api/widgets";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { Named } from "@/shared/ui/Named";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateIcon } from "@/shared/ui/State";

/** The integrations whose data a widget shows. */
export function FedBy({ widget }: { widget: Widget }) {
  const may = useMay("admin");
  const fed = useListing<Integration>("/integrations", { widget_id: widget.id });
  return (
    <Section title="Fed by">
      <Problem error={fed.error} retry={fed.retry} />
      <Group gap="xs">
        {fed.rows.map((row) => (
          <Group key={row.id} gap={8} className="box" py={5} px={10} wrap="nowrap">
            <Named id={row.id} provider={row.provider}>
              {row.name}
            </Named>
            <StateIcon state={row.status} />
          </Group>
        ))}
        {!fed.pending && fed.rows.length === 0 && (
          <Text size="sm" className="dim">
            Nothing feeds it yet.
          </Text>
        )}
        {may && (
          <Button
            component={Link}
            to={`/integrations?add=1&widget=${widget.id}`}
            variant="default"
            size="sm"
            leftSection={<IconPlus size={15} />}
          >
            Add a source
          </Button>
        )}
      </Group>
    </Section>
  );
}
