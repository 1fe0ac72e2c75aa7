import { Skeleton } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import type { Integration } from "@/shared/api/integrations";
import { useConnectorTypes } from "@/shared/connectors";
import { ActionList } from "@/shared/ui/ActionList";
import { Empty } from "@/shared/ui/Empty";
import { Problem } from "@/shared/ui/Problem";

/** What this integration can do, done through it. */
export function ActionsTab({ integration }: { integration: Integration }) {
  const types = useConnectorTypes();
  if (types.error) return <Problem error={types.error} retry={types.retry} />;
  if (types.pending) return <Skeleton height={200} />;
  const type = types.rows.find(({ type }) => type === integration.provider);
  if (!type)
    return (
      <div className="box">
        <Empty icon={IconBolt} title="It is read only">
          The catalog knows no action of this service yet. The REST and GraphQL integrations can send any
          request.
        </Empty>
      </div>
    );
  return <ActionList type={type} integration={integration.id} />;
}
