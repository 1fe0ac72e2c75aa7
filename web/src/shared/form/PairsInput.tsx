import { ActionIcon, Button, Group, Input, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { Fields } from "../api/integrations";

interface Props {
  label: string;
  description?: string;
  error?: ReactNode;
  withAsterisk?: boolean;
  value: Fields;
  onChange: (value: Record<string, string>) => void;
  names?: string;
}

/** Names and values, such as headers. Rows without a name are not yet part of the value. */
export function PairsInput({
  label,
  description,
  error,
  withAsterisk,
  value,
  onChange,
  names = "Name",
}: Props) {
  const [rows, setRows] = useState<[string, string][]>(() =>
    Object.entries(value).map(([name, text]) => [
      name,
      typeof text === "string" ? text : JSON.stringify(text),
    ]),
  );
  const change = (next: [string, string][]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([name]) => name.trim())));
  };
  const at = (index: number, pair: [string, string]) =>
    change(rows.map((row, place) => (place === index ? pair : row)));
  return (
    <Input.Wrapper
      label={label}
      description={description}
      error={error}
      withAsterisk={withAsterisk}
      labelElement="div"
    >
      <Stack gap={6} mt={4} role="group" aria-label={label}>
        {rows.map(([name, text], index) => (
          <Group key={index} gap={6} wrap="nowrap">
            <TextInput
              flex={2}
              size="xs"
              aria-label={`${label}: name ${index + 1}`}
              placeholder={names}
              value={name}
              onChange={(event) => at(index, [event.currentTarget.value, text])}
            />
            <TextInput
              flex={3}
              size="xs"
              aria-label={`${label}: value ${index + 1}`}
              placeholder="Value"
              value={text}
              onChange={(event) => at(index, [name, event.currentTarget.value])}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${name || "this row"}`}
              onClick={() => change(rows.filter((_, place) => place !== index))}
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
          onClick={() => change([...rows, ["", ""]])}
        >
          Add
        </Button>
      </Stack>
    </Input.Wrapper>
  );
}
