import { Alert } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect } from "react";
import { useUrlState } from "../listing";

/** What the browser brought back from a provider's page: said once, then taken out of the address bar. */
export function Returned() {
  const [url, setUrl] = useUrlState();
  const { connection_id, error, error_description } = url;
  useEffect(() => {
    if (!connection_id) return;
    notifications.show({ id: connection_id, message: "The account is connected.", color: "green" });
    setUrl({ connection_id: undefined, status: undefined });
  }, [connection_id, setUrl]);
  if (!error) return null;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={<IconAlertTriangle size={18} />}
      title="The account is not connected"
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={() => setUrl({ error: undefined, error_description: undefined })}
    >
      {error_description} Code <span className="mono">{error}</span>, explained in{" "}
      <span className="mono">docs/errors/{error}.md</span>.
    </Alert>
  );
}
