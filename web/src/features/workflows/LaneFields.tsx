import { ActionIcon, Button, Fieldset, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { loosely } from "@/shared/form/SchemaForm";
import type { Fields, Json } from "@/shared/api/integrations";

interface Props {
  config: Fields;
  onChange: (config: Fields) => void;
}

const asText = (value: Json | undefined) =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** The ways of a switch: by which value each is taken. Their steps are put in on the canvas. */
export function CaseFields({ config, onChange }: Props) {
  const cases = (Array.isArray(config.cases) ? config.cases : []) as { when: Json; steps: Json }[];
  const set = (cases: { when: Json; steps: Json }[]) => onChange({ ...config, cases });
  return (
    <Lanes
      legend="Ways"
      names={cases.map(({ when }) => asText(when))}
      label={(at) => `Way ${at + 1}: the value is`}
      rename={(at, text) => set(cases.with(at, { ...cases[at]!, when: loosely(text) ?? "" }))}
      remove={(at) => set(cases.toSpliced(at, 1))}
      add={() => set([...cases, { when: "", steps: [] }])}
    />
  );
}

/** The branches that go at the same time. */
export function BranchFields({ config, onChange }: Props) {
  const branches = Object.entries((config.branches ?? {}) as Fields);
  const set = (branches: [string, Json][]) => onChange({ ...config, branches: Object.fromEntries(branches) });
  const free = () => {
    for (let count = branches.length + 1; ; count++)
      if (!branches.some(([name]) => name === `branch_${count}`)) return `branch_${count}`;
  };
  return (
    <Lanes
      legend="Branches"
      names={branches.map(([name]) => name)}
      label={(at) => `Branch ${at + 1}`}
      rename={(at, name) => {
        // Two of one name would be one.
        if (!branches.some(([other], index) => other === name && index !== at))
          set(branches.with(at, [name, branches[at]![1]]));
      }}
      remove={(at) => set(branches.toSpliced(at, 1))}
      add={() => set([...branches, [free(), []]])}
    />
  );
}

function Lanes({
  legend,
  names,
  label,
  rename,
  remove,
  add,
}: {
  legend: string;
  names: string[];
  label: (at: number) => string;
  rename: (at: number, name: string) => void;
  remove: (at: number) => void;
  add: () => void;
}) {
  return (
    <Fieldset legend={legend} p="sm">
      <Stack gap={6}>
        {names.map((name, at) => (
          <Group key={at} gap={6} wrap="nowrap">
            <TextInput
              flex={1}
              size="xs"
              classNames={{ input: "mono" }}
              aria-label={label(at)}
              value={name}
              onChange={(event) => rename(at, event.currentTarget.value)}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${label(at)} with its steps`}
              onClick={() => remove(at)}
            >
              <IconX size={15} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          size="compact-xs"
          variant="subtle"
          w="fit-content"
          leftSection={<IconPlus size={13} />}
          onClick={add}
        >
          Add
        </Button>
      </Stack>
    </Fieldset>
  );
}
