import { Alert, Button, Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { webhooks, type Webhook } from "@/shared/api/webhooks";
import { Problem } from "@/shared/ui/Problem";
import { fresh, missing, sent } from "./draft";
import { Keys } from "./Keys";
import { WebhookFields } from "./WebhookFields";

/** A new webhook; its secret is shown once, when it is made. */
export function NewWebhook() {
  const [draft, setDraft] = useState(fresh);
  const [tried, setTried] = useState(false);
  const [made, setMade] = useState<Webhook | null>(null);
  const create = useAct(webhooks.create, { stale: ["webhooks"], done: setMade });
  if (made) {
    return (
      <Stack>
        <Keys webhook={made} />
        <Button component={Link} to={`/webhooks/${made.id}`}>
          {made.secret ? "I have copied it" : "Open the webhook"}
        </Button>
      </Stack>
    );
  }
  const lacks = missing(draft);
  return (
    <Stack>
      <WebhookFields draft={draft} onChange={setDraft} errors={create.errors} isNew />
      {tried && lacks && (
        <Alert color="red" role="alert">
          {lacks}
        </Alert>
      )}
      <Problem error={create.error} />
      <Button
        loading={create.busy}
        onClick={() => {
          setTried(true);
          if (!lacks) void create.run(sent(draft));
        }}
      >
        Add webhook
      </Button>
    </Stack>
  );
}
