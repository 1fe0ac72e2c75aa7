import { Button, type ButtonProps } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useReconnect } from "../connecting";

/** The way back for an account whose access has ended. */
export function Reconnect({ id, name, ...look }: { id: string; name?: string } & ButtonProps) {
  const reconnect = useReconnect();
  return (
    <Button
      size="compact-sm"
      leftSection={<IconRefresh size={14} />}
      {...look}
      onClick={() => void reconnect.run(id)}
      loading={reconnect.busy}
      aria-label={name && `Reconnect ${name}`}
    >
      Reconnect
    </Button>
  );
}
