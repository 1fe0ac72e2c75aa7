import { Alert, Button, Stack } from "@mantine/core";
import { IconAlertTriangle, IconPlayerPause, IconPlayerPlay, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { webhooks, type Webhook } from "@/shared/api/webhooks";
import { useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { duration } from "@/shared/time";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { Facts } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { Time } from "@/shared/ui/Time";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { Deliveries } from "./Deliveries";
import { draftOf, missing, sent } from "./draft";
import { Signature } from "./Signature";
import { WebhookFields } from "./WebhookFields";
import { WebhookState } from "./WebhookState";

const kind = { one: "webhook", key: "webhooks", back: { to: "/webhooks", label: "Webhooks" } };

export default function WebhookPage() {
  return (
    <Opened kind={kind} read={webhooks.get}>
      {(webhook) => <Shown webhook={webhook} />}
    </Opened>
  );
}

function Shown({ webhook }: { webhook: Webhook }) {
  const { id } = webhook;
  const may = useMay("admin");
  const [, setUrl] = useUrlState();
  const test = useAct(webhooks.test, {
    stale: ["webhooks", "deliveries"],
    done: (delivery) => setUrl({ tab: undefined, open: delivery.id }),
    sayError: true,
  });
  const goes = webhook.status === "active";
  const change = useAct(() => webhooks.switchTo(id, goes ? "pause" : "resume"), {
    stale: ["webhooks"],
    sayError: true,
  });
  return (
    <DetailPage
      kind={kind}
      name={webhook.name}
      lead={<span className="mono break">{webhook.url}</span>}
      may={may}
      actions={
        <>
          <Button leftSection={<IconSend size={15} />} onClick={() => void test.run(id)} loading={test.busy}>
            Send a test
          </Button>
          <Button
            variant="default"
            leftSection={goes ? <IconPlayerPause size={15} /> : <IconPlayerPlay size={15} />}
            onClick={() => void change.run()}
            loading={change.busy}
          >
            {goes ? "Pause" : "Resume"}
          </Button>
        </>
      }
      edit={(done) => <EditWebhook webhook={webhook} done={done} />}
      remove={{
        act: () => webhooks.remove(id),
        stale: ["webhooks", "deliveries"],
        loss: "Its deliveries go with it, and what still waits is told to nobody.",
      }}
    >
      <Trouble webhook={webhook} />
      <div className="box">
        <Facts
          of={[
            ["State", <WebhookState key="s" webhook={webhook} />],
            [
              "Events",
              <span key="e" className="mono">
                {webhook.events.join(", ")}
              </span>,
            ],
            ["Last delivered", <Time key="l" at={webhook.succeeded_at} />],
            ["Body", webhook.format === "standard" ? "Standard Webhooks" : "CloudEvents"],
            ["Pace", pace(webhook)],
            ["An answer may take", duration(webhook.timeout_ms)],
            ...(webhook.filter
              ? [
                  [
                    "Filter",
                    <span key="f" className="mono">
                      {webhook.filter}
                    </span>,
                  ] as [string, React.ReactNode],
                ]
              : []),
          ]}
        />
      </div>
      <UrlTabs
        clear={{ status: undefined, event: undefined, since: undefined, open: undefined }}
        tabs={[
          { value: "deliveries", label: "Deliveries", panel: <Deliveries webhook={webhook} /> },
          {
            value: "dead",
            label: "Dead letters",
            panel: <Deliveries key="dead" webhook={webhook} only="dead" />,
          },
          { value: "signature", label: "Signature", panel: <Signature webhook={webhook} may={may} /> },
        ]}
      />
    </DetailPage>
  );
}

export function pace({ ordered, concurrency, rate_limit }: Webhook): string {
  const way = ordered ? "one after another, in order" : `up to ${concurrency} at the same time`;
  return rate_limit
    ? `${way}; ${rate_limit.requests} in ${duration(rate_limit.window_secs * 1_000)} at most`
    : way;
}

/** Why nothing, or not everything, is told; and the way out. */
function Trouble({ webhook }: { webhook: Webhook }) {
  const { status, cause, failing_since, filter_error } = webhook;
  const icon = <IconAlertTriangle size={18} />;
  return (
    <>
      {status === "disabled" && (
        <Alert color="red" icon={icon} title="Patchbay disabled it">
          {cause?.message} What happens now is not kept for it. When the receiver is well again, resume it and
          replay what it missed.
        </Alert>
      )}
      {status === "active" && failing_since && (
        <Alert color="yellow" icon={icon} title="Nothing but failures">
          They began <Time at={failing_since} />. Everything is kept and tried again for eight days.
        </Alert>
      )}
      {status === "paused" && (
        <Alert color="gray" icon={<IconPlayerPause size={18} />} title="Paused">
          What happens meanwhile waits, and is told when you resume it.
        </Alert>
      )}
      {filter_error && (
        <Alert color="yellow" icon={icon} title="Its filter failed">
          {filter_error}. Such an event is not told.
        </Alert>
      )}
    </>
  );
}

function EditWebhook({ webhook, done }: { webhook: Webhook; done: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(webhook));
  const save = useAct(() => webhooks.change(webhook.id, sent(draft)), {
    stale: ["webhooks"],
    say: "Saved. It holds for the next attempt.",
    done,
  });
  return (
    <Stack>
      <WebhookFields draft={draft} onChange={setDraft} errors={save.errors} isNew={false} />
      <Problem error={save.error} />
      <Button onClick={() => void save.run()} loading={save.busy} disabled={!!missing(draft)}>
        Save
      </Button>
    </Stack>
  );
}
