import { ActionIcon, Autocomplete, Button, Group, Menu, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconBolt, IconClock, IconInbox, IconPlus, IconRss, IconTrash } from "@tabler/icons-react";
import type { FieldError } from "@/shared/api/client";
import type { Feed } from "@/shared/api/feeds";
import type { Fields, Integration, Json } from "@/shared/api/integrations";
import type { Trigger } from "@/shared/api/workflows";
import { useKinds } from "@/shared/events";
import { SchemaForm } from "@/shared/form/SchemaForm";
import { useListing } from "@/shared/listing";
import type { Schema } from "@/shared/schema";
import { exact } from "@/shared/time";
import { Empty } from "@/shared/ui/Empty";
import { useNow } from "@/shared/ui/Time";
import { cronInWords, nextTimes } from "./cron";
import classes from "./Triggers.module.css";
import { triggerInWords, type NameOf } from "./words";

interface Props {
  triggers: Trigger[];
  onChange: (triggers: Trigger[]) => void;
  errors: FieldError[];
  nameOf: NameOf;
}

export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const kinds = [
  { type: "cron", title: "By the clock", icon: IconClock },
  { type: "inbound", title: "When something is pushed", icon: IconInbox },
  { type: "feed", title: "When a feed changes", icon: IconRss },
  { type: "event", title: "On an event", icon: IconBolt },
] as const;

const fresh: Record<Trigger["type"], Trigger> = {
  cron: { type: "cron", cron: "0 9 * * 1-5", time_zone: HERE },
  inbound: { type: "inbound", integration_id: "" },
  feed: { type: "feed", feed_id: "" },
  event: { type: "event", kind: "" },
};

/** What starts it by itself. By hand and by the API it can always be started. */
export function Triggers({ triggers, onChange, errors, nameOf }: Props) {
  return (
    <Stack gap="sm">
      {triggers.length === 0 && (
        <Empty icon={IconBolt} title="Nothing starts it by itself" small>
          By hand and by the API it can always be started.
        </Empty>
      )}
      {triggers.map((trigger, at) => (
        <section key={`${at} ${trigger.type}`} className={classes.trigger} aria-label={`Trigger ${at + 1}`}>
          <Group justify="space-between" wrap="nowrap" mb={6}>
            <Text size="sm" fw={600}>
              {kinds.find(({ type }) => type === trigger.type)?.title ?? trigger.type}
            </Text>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove the trigger ${triggerInWords(trigger, nameOf)}`}
              onClick={() => onChange(triggers.toSpliced(at, 1))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
          <One
            trigger={trigger}
            onChange={(next) => onChange(triggers.with(at, next))}
            errors={errors}
            base={`/triggers/${at}`}
          />
        </section>
      ))}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" size="compact-md" w="fit-content" leftSection={<IconPlus size={14} />}>
            Add a trigger
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {kinds.map(({ type, title, icon: Mark }) => (
            <Menu.Item
              key={type}
              leftSection={<Mark size={15} />}
              onClick={() => onChange([...triggers, fresh[type]])}
            >
              {title}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Stack>
  );
}

interface OneProps {
  trigger: Trigger;
  onChange: (trigger: Trigger) => void;
  errors: FieldError[];
  base: string;
}

function One(props: OneProps) {
  const { trigger, onChange, errors, base } = props;
  return (
    <Stack gap="sm">
      {trigger.type === "cron" && <Cron {...props} trigger={trigger} />}
      {trigger.type === "inbound" && (
        <OneOf<Integration>
          label="Integration"
          path="/integrations"
          keep={({ mode }) => mode !== "pull"}
          value={trigger.integration_id}
          error={errorOf(errors, `${base}/integration_id`)}
          onChange={(integration_id) => onChange({ ...trigger, integration_id })}
        />
      )}
      {trigger.type === "feed" && (
        <OneOf<Feed>
          label="Feed"
          path="/feeds"
          value={trigger.feed_id}
          error={errorOf(errors, `${base}/feed_id`)}
          onChange={(feed_id) => onChange({ ...trigger, feed_id })}
        />
      )}
      {trigger.type === "event" && <Kind {...props} trigger={trigger} />}
      <SchemaForm
        schema={moreSchema[trigger.type]}
        value={trigger as unknown as Fields}
        onChange={(next) => onChange(next as unknown as Trigger)}
        errors={errors}
        base={base}
      />
    </Stack>
  );
}

const errorOf = (errors: FieldError[], pointer: string) =>
  errors.find((error) => error.pointer === pointer)?.message;

const input: Schema = {
  title: "Input",
  description: "What the run is given, with templates over trigger; else what happened",
  examples: ["{{ trigger.payload.order }}" as Json],
  "x-loose": true,
};
const filter: Schema = {
  type: "string",
  title: "Only if",
  description: "jq over what happened; only what it says true to starts a run",
  examples: [".total > 100"],
};
const moreSchema: Record<Trigger["type"], Schema> = {
  cron: { properties: { input } },
  inbound: {
    properties: {
      event_type: {
        type: "string",
        title: "Event",
        description: "As the sender calls it",
        examples: ["push"],
      },
      filter,
      input,
    },
  },
  feed: { properties: { filter, input } },
  event: { properties: { filter, input } },
};

type Of<T extends Trigger["type"]> = OneProps & { trigger: Extract<Trigger, { type: T }> };

function Cron({ trigger, onChange, errors, base }: Of<"cron">) {
  const now = useNow();
  const zone = trigger.time_zone ?? "UTC";
  const next = nextTimes(trigger.cron, zone, now);
  return (
    <>
      <Group grow align="flex-start">
        <TextInput
          label="Cron line"
          classNames={{ input: "mono" }}
          value={trigger.cron}
          error={errorOf(errors, `${base}/cron`)}
          onChange={(event) => onChange({ ...trigger, cron: event.currentTarget.value })}
        />
        <Select
          label="Time zone"
          searchable
          data={zones}
          value={zone}
          allowDeselect={false}
          error={errorOf(errors, `${base}/time_zone`)}
          onChange={(time_zone) => time_zone && onChange({ ...trigger, time_zone })}
        />
      </Group>
      <Text size="xs" className="dim" component="div">
        {cronInWords(trigger.cron)}. {next?.length === 0 && "It never comes."}
        {!!next?.length && <>Next, in your time: {next.map((at) => exact(at)).join("; ")}.</>}
      </Text>
    </>
  );
}

const zones = [...new Set(["UTC", HERE, ...Intl.supportedValuesOf("timeZone")])];

function Kind({ trigger, onChange, errors, base }: Of<"event">) {
  const { groups } = useKinds();
  return (
    <Autocomplete
      label="Event"
      description="A kind, or its beginning and a *"
      data={groups}
      value={trigger.kind}
      error={errorOf(errors, `${base}/kind`)}
      onChange={(kind) => onChange({ ...trigger, kind })}
    />
  );
}

/** One of the things of a list, by its name. */
export function OneOf<T extends { id: string; name: string }>({
  label,
  path,
  keep = () => true,
  value,
  error,
  onChange,
}: {
  label: string;
  path: string;
  keep?: (row: T) => boolean;
  value: string | undefined;
  error?: string;
  onChange: (id: string) => void;
}) {
  const list = useListing<T>(path, {}, { limit: 200 });
  return (
    <Select
      label={label}
      withAsterisk
      searchable
      data={list.rows.filter(keep).map(({ id, name }) => ({ value: id, label: name }))}
      nothingFoundMessage="None is called like that"
      value={value || null}
      error={error ?? list.error?.message}
      onChange={(id) => onChange(id ?? "")}
    />
  );
}
