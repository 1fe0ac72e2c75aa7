import {
  Accordion,
  Fieldset,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import type { FieldError } from "@/shared/api/client";
import type { Format, Rate, Signing, WebhookDraft } from "@/shared/api/webhooks";
import { asFilterInput, covered, fits, useKinds } from "@/shared/events";
import { PairsInput } from "@/shared/form/PairsInput";
import { Program } from "@/shared/form/Transform";
import { plural } from "@/shared/text";

interface Props {
  draft: WebhookDraft;
  onChange: (draft: WebhookDraft) => void;
  errors: FieldError[];
  /** How it signs is decided when it is made. */
  isNew: boolean;
}

/** Whom to tell, of what, and how. */
export function WebhookFields({ draft, onChange, errors, isNew }: Props) {
  const set = (change: Partial<WebhookDraft>) => onChange({ ...draft, ...change });
  const errorOf = (field: string) =>
    errors.find(({ pointer }) => pointer === `/${field}` || pointer.startsWith(`/${field}/`))?.message;
  const { lately, groups } = useKinds();
  const sample = lately.find(({ kind }) => draft.events.some((pattern) => fits(pattern, kind))) ?? lately[0];
  return (
    <Stack>
      <TextInput
        label="Address"
        type="url"
        withAsterisk
        placeholder="https://shop.example/hooks"
        value={draft.url}
        error={errorOf("url")}
        onChange={(event) => set({ url: event.currentTarget.value })}
        data-autofocus
      />
      <TextInput
        label="Name"
        description="Its host, unless you call it something else"
        value={draft.name}
        error={errorOf("name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TagsInput
        label="Events"
        withAsterisk
        description="One such as feed.updated, all that begin alike as feed.*, or everything as *"
        placeholder={draft.events.length ? "" : "feed.updated"}
        value={draft.events}
        data={groups}
        error={errorOf("events")}
        onChange={(events) => set({ events })}
        clearable
        clearButtonProps={{ "aria-label": "Clear the events" }}
      />
      {draft.events.some((pattern) => pattern.endsWith("*")) && (
        <Covered kinds={covered(draft.events, groups)} />
      )}
      <Accordion variant="separated" multiple chevronPosition="left">
        <Accordion.Item value="filter">
          <Accordion.Control>Filter{draft.filter ? " · set" : ""}</Accordion.Control>
          <Accordion.Panel>
            <Program
              value={draft.filter ?? ""}
              onChange={(filter) => set({ filter })}
              sample={sample ? asFilterInput(sample) : EXAMPLE}
              error={errorOf("filter")}
              label="jq filter"
              description="An event is told when this gives something that is neither false nor null. Empty tells all."
              placeholder=".data.version > 1"
            />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="form">
          <Accordion.Control>Format, signature and headers</Accordion.Control>
          <Accordion.Panel>
            <Stack>
              <Choice<Format>
                label="Body"
                value={draft.format}
                onChange={(format) => set({ format })}
                data={[
                  { value: "standard", label: "Standard Webhooks" },
                  { value: "cloudevents", label: "CloudEvents" },
                ]}
              />
              <Choice<Signing>
                label="Signature"
                value={draft.signing}
                disabled={!isNew}
                onChange={(signing) => set({ signing })}
                data={[
                  { value: "hmac", label: "Secret (HMAC)" },
                  { value: "ed25519", label: "Keys (Ed25519)" },
                ]}
              />
              <PairsInput
                label="Headers"
                description="Sent along. A value whose name says that it is a secret is kept as one."
                value={draft.headers}
                error={errorOf("headers")}
                onChange={(headers) => set({ headers })}
                names="X-Team"
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="pace">
          <Accordion.Control>Order and pace</Accordion.Control>
          <Accordion.Panel>
            <Pace draft={draft} set={set} errorOf={errorOf} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

const EXAMPLE = {
  id: "evt_01kce5v0g0f7nb4x1q2m3n4p5r",
  type: "feed.updated",
  subject: "feed_01kce5v0g0f7nb4x1q2m3n4p5r",
  timestamp: "2026-01-01T00:00:00Z",
  data: { version: 2 },
};

function Covered({ kinds }: { kinds: string[] }) {
  return (
    <Text size="xs" className="dim">
      {kinds.length ? (
        <>
          {plural(kinds.length, "known kind")}: <span className="mono">{kinds.slice(0, 12).join(", ")}</span>
          {kinds.length > 12 && `, and ${kinds.length - 12} more`}
        </>
      ) : (
        "No known kind begins like that."
      )}
    </Text>
  );
}

function Choice<V extends string>({
  label,
  value,
  onChange,
  data,
  disabled,
}: {
  label: string;
  value: V;
  onChange: (value: V) => void;
  data: { value: V; label: string }[];
  disabled?: boolean;
}) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <SegmentedControl
        aria-label={label}
        value={value}
        data={data}
        disabled={disabled}
        onChange={(next) => onChange(next as V)}
      />
      {disabled && (
        <Text size="xs" className="dim" mt={4}>
          Decided when it was made. Add another webhook to sign otherwise.
        </Text>
      )}
    </div>
  );
}

const windows = [
  { value: "1", label: "second" },
  { value: "60", label: "minute" },
  { value: "3600", label: "hour" },
];

function Pace({
  draft,
  set,
  errorOf,
}: {
  draft: WebhookDraft;
  set: (change: Partial<WebhookDraft>) => void;
  errorOf: (field: string) => string | undefined;
}) {
  const rate = draft.rate_limit;
  const limit = (change: Partial<Rate>) =>
    set({ rate_limit: { requests: 60, window_secs: 60, ...rate, ...change } });
  return (
    <Stack>
      <Switch
        label="In order"
        description="Each event waits until the one before was heard: one that fails holds up all behind it."
        checked={draft.ordered}
        onChange={(event) => set({ ordered: event.currentTarget.checked })}
      />
      <NumberInput
        label="Requests at the same time"
        description="10 unless said"
        min={1}
        max={50}
        allowDecimal={false}
        disabled={draft.ordered}
        value={draft.concurrency ?? ""}
        error={errorOf("concurrency")}
        onChange={(next) => set({ concurrency: typeof next === "number" ? next : undefined })}
        w={220}
      />
      <NumberInput
        label="An answer may take (ms)"
        description="15,000 unless said"
        min={1_000}
        max={60_000}
        step={1_000}
        allowDecimal={false}
        value={draft.timeout_ms ?? ""}
        error={errorOf("timeout_ms")}
        onChange={(next) => set({ timeout_ms: typeof next === "number" ? next : undefined })}
        w={220}
      />
      <Fieldset legend="Rate limit" p="sm">
        <Switch
          label="No more than"
          checked={!!rate}
          onChange={(event) => (event.currentTarget.checked ? limit({}) : set({ rate_limit: null }))}
        />
        {rate && (
          <Group gap="xs" align="flex-end" mt="xs">
            <NumberInput
              label="Requests"
              min={1}
              allowDecimal={false}
              value={rate.requests}
              error={errorOf("rate_limit")}
              onChange={(next) => typeof next === "number" && limit({ requests: next })}
              w={130}
            />
            <Select
              label="each"
              data={windows}
              value={String(rate.window_secs)}
              allowDeselect={false}
              onChange={(next) => next && limit({ window_secs: Number(next) })}
              w={130}
            />
          </Group>
        )}
      </Fieldset>
    </Stack>
  );
}
