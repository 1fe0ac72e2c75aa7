import { Alert, Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { webhooks, type Webhook } from "@/shared/api/webhooks";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";
import { Keys } from "./Keys";

const overlaps = [
  { value: "0", label: "Not at all: the old one stops now" },
  { value: "3600", label: "For an hour" },
  { value: "86400", label: "For a day" },
  { value: "604800", label: "For a week" },
  { value: "2592000", label: "For thirty days" },
];

/** The keys of a webhook: how to check with them, and how to get a new one without a gap. */
export function Signature({ webhook, may }: { webhook: Webhook; may: boolean }) {
  const [asking, { open, close }] = useDisclosure();
  const [overlap, setOverlap] = useState("86400");
  // The new secret is in this component alone, and gone with it.
  const [rotated, setRotated] = useState<Webhook | null>(null);
  const rotate = useAct(() => webhooks.rotate(webhook.id, Number(overlap)), {
    stale: ["webhooks"],
    done: (made) => {
      setRotated(made);
      close();
    },
  });
  const what = webhook.signing === "hmac" ? "secret" : "key pair";
  return (
    <Stack maw={820}>
      {webhook.overlap_until && (
        <Alert color="blue" icon={<IconKey size={18} />} title="Two sign at present">
          Requests carry the signatures of the old {what} and the new one; the old one ends{" "}
          <Time at={webhook.overlap_until} />.
        </Alert>
      )}
      <Group justify="space-between">
        <Text size="sm">
          {webhook.signing === "hmac"
            ? "Signed with HMAC-SHA-256. The secret was shown when it was made, and cannot be read again."
            : "Signed with Ed25519. The public key may be known to anybody."}
        </Text>
        {may && (
          <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={open}>
            Rotate the {what}
          </Button>
        )}
      </Group>
      <Keys webhook={rotated ?? webhook} />
      <Modal
        opened={asking}
        onClose={close}
        title={`Rotate the ${what}`}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack>
          <Select
            label="The old one signs along"
            description="So long the receiver has to take the new one, without losing a request"
            data={overlaps}
            value={overlap}
            allowDeselect={false}
            onChange={(next) => next && setOverlap(next)}
            data-autofocus
          />
          <Problem error={rotate.error} />
          <Button onClick={() => void rotate.run()} loading={rotate.busy}>
            Rotate
          </Button>
        </Stack>
      </Modal>
    </Stack>
  );
}
