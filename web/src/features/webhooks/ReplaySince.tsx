import { Button, Modal, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { webhooks, type DeliveryStatus, type Webhook } from "@/shared/api/webhooks";
import { sinceOf, spans } from "@/shared/span";
import { Problem } from "@/shared/ui/Problem";

const whiches = [
  { value: "all", label: "All that ended, and what it was never told" },
  { value: "dead", label: "Dead letters alone" },
  { value: "succeeded", label: "Succeeded ones alone" },
];

/** Tells again what happened in a span of time. */
export function ReplaySince({ webhook, only }: { webhook: Webhook; only?: DeliveryStatus }) {
  const [opened, { open, close }] = useDisclosure();
  const [span, setSpan] = useState("24h");
  const [which, setWhich] = useState<string>(only ?? "all");
  const replay = useAct(
    () =>
      webhooks.replay(webhook.id, {
        since: sinceOf(span)!,
        ...(which === "all" ? {} : { status: which as DeliveryStatus }),
      }),
    {
      stale: ["webhooks", "deliveries"],
      say: "The replay has begun, behind the first attempts of what is new.",
      done: close,
    },
  );
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconHistory size={15} />}
        onClick={open}
        disabled={webhook.status === "disabled"}
        title={webhook.status === "disabled" ? "Resume the webhook first" : undefined}
      >
        Replay since…
      </Button>
      <Modal opened={opened} onClose={close} title="Replay" closeButtonProps={{ "aria-label": "Close" }}>
        <Stack>
          <Select
            label="What happened in the"
            data={spans}
            value={span}
            allowDeselect={false}
            onChange={(next) => next && setSpan(next)}
            data-autofocus
          />
          <Select
            label="Which"
            data={whiches}
            value={which}
            allowDeselect={false}
            onChange={(next) => next && setWhich(next)}
          />
          <Text size="sm" className="dim">
            Events keep their webhook-id, so that a receiver that remembers it takes each of them once.
          </Text>
          <Problem error={replay.error} />
          <Button onClick={() => void replay.run()} loading={replay.busy}>
            Replay
          </Button>
        </Stack>
      </Modal>
    </>
  );
}
