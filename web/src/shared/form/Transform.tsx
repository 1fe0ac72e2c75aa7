import { Accordion, Code, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, type FieldError } from "../api/client";
import { transform } from "../api/feeds";
import type { Json } from "../api/integrations";
import { pretty } from "../ui/Code";

interface Props<T> {
  value: T;
  onChange: (value: T) => void;
  sample?: Json;
  errors: FieldError[];
  /** Where it stands in what is sent. */
  base: string;
}

/** The part of a form that holds the jq program of a pull or a push. */
export function Transform<T extends { transform?: string }>(props: Props<T>) {
  const { value, onChange, sample, errors, base } = props;
  return (
    <Accordion.Item value="transform">
      <Accordion.Control>Transform{value.transform ? " · set" : ""}</Accordion.Control>
      <Accordion.Panel>
        <Program
          value={value.transform ?? ""}
          onChange={(program) => onChange({ ...value, transform: program || undefined })}
          sample={sample}
          error={errors.find(({ pointer }) => pointer === `${base}/transform`)?.message}
        />
      </Accordion.Panel>
    </Accordion.Item>
  );
}

interface ProgramProps {
  value: string;
  onChange: (program: string) => void;
  sample?: Json;
  error?: string;
  label?: string;
  description?: string;
  placeholder?: string;
}

/** A jq program and what it makes of a sample, as it is typed. */
export function Program({
  value,
  onChange,
  sample,
  error,
  label = "jq program",
  description = "Makes the document out of the answer. Empty keeps it as it is.",
  placeholder = "{city: .name, temperature: .main.temp}",
}: ProgramProps) {
  const [input, setInput] = useState(() => pretty(sample ?? { temperature: 12.5, city: "Lund" }));
  const [program] = useDebouncedValue(value, 350);
  const [text] = useDebouncedValue(input, 350);
  const parsed = parse(text);
  const tried = useQuery({
    queryKey: ["transform", program, text],
    queryFn: () => transform(program, parsed as Json),
    enabled: program.trim() !== "" && parsed !== undefined,
    retry: false,
    gcTime: 0,
  });
  const failed = tried.error instanceof ApiError ? (tried.error.detail ?? tried.error.title) : undefined;
  return (
    <Stack gap="xs">
      <Textarea
        label={label}
        description={description}
        placeholder={placeholder}
        classNames={{ input: "mono" }}
        autosize
        minRows={2}
        maxRows={10}
        spellCheck={false}
        value={value}
        error={error ?? failed}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Textarea
        label="Try it on"
        classNames={{ input: "mono" }}
        autosize
        minRows={2}
        maxRows={8}
        spellCheck={false}
        value={input}
        error={parsed === undefined ? "This is not JSON" : undefined}
        onChange={(event) => setInput(event.currentTarget.value)}
      />
      {program.trim() && tried.data && (
        <div>
          <Text size="sm" fw={500} mb={4}>
            It makes
          </Text>
          <Code block mah={220} tabIndex={0}>
            {pretty(tried.data.output)}
          </Code>
        </div>
      )}
    </Stack>
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
