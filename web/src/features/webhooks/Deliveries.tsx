import { Autocomplete, Button, Group, Stack, Text } from "@mantine/core";
import { IconRepeat, IconSend } from "@tabler/icons-react";
import { useAct } from "@/shared/act";
import { deliveries, type Delivery, type DeliveryStatus, type Webhook } from "@/shared/api/webhooks";
import { useKinds } from "@/shared/events";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { plural } from "@/shared/text";
import { duration } from "@/shared/time";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { SinceFilter, useSince } from "@/shared/ui/SinceFilter";
import { ListTable } from "@/shared/ui/ListTable";
import { Panel } from "@/shared/ui/Panel";
import { StateBadge } from "@/shared/ui/State";
import { Time, useNow } from "@/shared/ui/Time";
import { Toolbar } from "@/shared/ui/Toolbar";
import { useChosen } from "@/shared/ui/useChosen";
import { DeliveryDetail } from "./DeliveryDetail";
import { ReplaySince } from "./ReplaySince";

/** What was told, what came of it, what is still tried. */
export function Deliveries({ webhook, only }: { webhook: Webhook; only?: DeliveryStatus }) {
  const [url, setUrl] = useUrlState();
  const { event, since } = url;
  const status = only ?? url.status;
  const from = useSince();
  // Nothing announces single deliveries.
  const list = useListing<Delivery>(
    `/webhooks/${webhook.id}/deliveries`,
    { status, event, from },
    { every: 5_000 },
  );
  const { groups } = useKinds();
  const may = useMay("admin");
  const chosen = useChosen<Delivery>(list.rows, ({ event_type }) => event_type);
  const replay = useAct((ids: string[]) => Promise.all(ids.map(deliveries.replay)), {
    stale: ["webhooks", "deliveries"],
    say: "They are told again.",
    done: chosen.clear,
    sayError: true,
  });
  const clear = () => {
    setUrl({ status: undefined, event: undefined, since: undefined });
  };
  return (
    <Stack gap="sm">
      <Toolbar>
        {!only && (
          <Filter
            label="State"
            value={status}
            options={["pending", "retrying", "succeeded", "dead"]}
            onChange={(status) => setUrl({ status })}
          />
        )}
        <Autocomplete
          size="sm"
          w={{ base: "calc(50% - 6px)", xs: 200 }}
          aria-label="Event"
          placeholder="Event"
          data={groups}
          defaultValue={event ?? ""}
          onChange={(event) => setUrl({ event })}
        />
        <SinceFilter />
        {may && (
          <Group gap="xs" ml="auto">
            {chosen.ids.length > 0 && (
              <Button
                size="sm"
                leftSection={<IconRepeat size={15} />}
                onClick={() => void replay.run(chosen.ids)}
                loading={replay.busy}
              >
                Replay {chosen.ids.length}
              </Button>
            )}
            <ReplaySince webhook={webhook} only={only} />
          </Group>
        )}
      </Toolbar>
      <ListTable
        label={only ? "Dead letters" : "Deliveries"}
        list={list}
        onOpen={({ id }) => setUrl({ open: id })}
        empty={
          event || since || (status && !only) ? (
            <NothingFits of="delivery" clear={clear} />
          ) : only ? (
            <Empty icon={IconSend} title="No dead letters">
              What could not be delivered in eight days is kept here, to be sent when the receiver is back.
            </Empty>
          ) : (
            <Empty icon={IconSend} title="Nothing was told yet">
              Send a test, or wait until one of its events happens.
            </Empty>
          )
        }
        columns={[
          ...(may ? [chosen.column] : []),
          {
            key: "event",
            title: "Event",
            cell: (row) => (
              <button type="button" className="named link mono" onClick={() => setUrl({ open: row.id })}>
                {row.event_type}
              </button>
            ),
          },
          { key: "status", title: "State", cell: (row) => <StateBadge state={row.status} /> },
          {
            key: "answer",
            title: "Answer",
            cell: (row) => <Answer delivery={row} />,
          },
          {
            key: "attempts",
            title: "Attempts",
            wide: true,
            align: "right",
            cell: (row) => <span title={plural(row.attempts.length, "attempt")}>{row.attempts.length}</span>,
          },
          {
            key: "next",
            title: "Next",
            wide: true,
            cell: (row) => <Next at={row.next_attempt_at} />,
          },
          { key: "at", title: "Happened", wide: true, cell: (row) => <Time at={row.event_at} /> },
        ]}
      />
      <Panel
        opened={url.open !== undefined}
        onClose={() => setUrl({ open: undefined })}
        title="Delivery"
        size={680}
      >
        {url.open && <DeliveryDetail id={url.open} />}
      </Panel>
    </Stack>
  );
}

/** One that is due and has not begun waits for those before it. */
function Next({ at }: { at: string | null }) {
  const now = useNow();
  if (at && Date.parse(at) < now) return <span className="dim">in line</span>;
  return <Time at={at} never="–" />;
}

function Answer({ delivery }: { delivery: Delivery }) {
  const last = delivery.attempts.at(-1);
  if (!last) return <span className="dim">none yet</span>;
  return (
    <>
      {last.status_code ?? last.error_code ?? "no answer"}{" "}
      <span className="dim nowrap">in {duration(last.duration_ms)}</span>
      {last.error && (
        <Text size="xs" className="dim clip" title={last.error}>
          {last.error}
        </Text>
      )}
    </>
  );
}
