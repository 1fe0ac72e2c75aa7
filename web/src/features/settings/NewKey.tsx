import { Button, Group, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { keys, type ApiKey } from "@/shared/api/keys";
import { exact } from "@/shared/time";
import { OneTime } from "@/shared/ui/CopyField";
import { Problem } from "@/shared/ui/Problem";
import { ScopePicker } from "./ScopePicker";

const windows = [
  { value: "1", label: "second" },
  { value: "60", label: "minute" },
  { value: "3600", label: "hour" },
  { value: "86400", label: "day" },
];

/** A new key; what it is gets shown once, when it is made. */
export function NewKey({ done }: { done: () => void }) {
  const scopes = useQuery({ queryKey: ["scopes"], queryFn: keys.scopes, staleTime: Infinity });
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const [days, setDays] = useState(90);
  const [limited, setLimited] = useState(false);
  const [requests, setRequests] = useState(600);
  const [window, setWindow] = useState("60");
  const [made, setMade] = useState<ApiKey | null>(null);
  const create = useAct(keys.create, { stale: ["api-keys"], done: setMade });
  if (made?.key) {
    return (
      <Stack>
        <OneTime value={made.key} what="the key" />
        <Text size="sm">
          {made.name} {made.expires_at ? `ends on ${exact(made.expires_at)}.` : "does not end."}
        </Text>
        <Button onClick={done}>I have copied it</Button>
      </Stack>
    );
  }
  const submit = () =>
    void create.run({
      name,
      scopes: chosen,
      expires_in_days: days,
      ...(limited ? { rate_limit: { requests, window_secs: Number(window) } } : {}),
    });
  return (
    <Stack>
      <TextInput
        label="Name"
        description="What uses it, so that you know it again"
        withAsterisk
        value={name}
        error={create.errors.find(({ pointer }) => pointer === "/name")?.message}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Problem error={scopes.error} retry={() => void scopes.refetch()} />
      <ScopePicker scopes={scopes.data?.data ?? []} value={chosen} onChange={setChosen} />
      <NumberInput
        label="Ends after (days)"
        description="1 to 365"
        min={1}
        max={365}
        clampBehavior="blur"
        allowDecimal={false}
        value={days}
        onChange={(next) => typeof next === "number" && setDays(next)}
        w={180}
      />
      <Switch
        label="A rate limit of its own"
        checked={limited}
        onChange={(event) => setLimited(event.currentTarget.checked)}
      />
      {limited && (
        <Group gap="xs" align="flex-end">
          <NumberInput
            label="Requests"
            min={1}
            allowDecimal={false}
            value={requests}
            onChange={(next) => typeof next === "number" && setRequests(next)}
            w={130}
          />
          <Select
            label="each"
            data={windows}
            value={window}
            allowDeselect={false}
            onChange={(next) => next && setWindow(next)}
            w={130}
          />
        </Group>
      )}
      <Problem error={create.error} />
      <Button onClick={submit} loading={create.busy} disabled={!name.trim() || chosen.length === 0}>
        Create key
      </Button>
    </Stack>
  );
}
