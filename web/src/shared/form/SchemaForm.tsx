import {
  Fieldset,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Textarea,
} from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { FieldError } from "../api/client";
import type { Fields, Json } from "../api/integrations";
import { kindOf, labelOf, MASK, withField, type Schema } from "../schema";
import { PairsInput } from "./PairsInput";

interface Props {
  schema: Schema;
  value: Fields;
  onChange: (value: Fields) => void;
  errors?: FieldError[];
  /** What stands before the pointers of `errors`: `/config`, `/credentials`. */
  base?: string;
}

/** A form made from a JSON Schema. It holds nothing itself: values come in, changed values go out. */
export function SchemaForm({ schema, value, onChange, errors = [], base = "" }: Props) {
  return (
    <Stack gap="sm">
      {Object.entries(schema.properties ?? {}).map(([name, field]) => (
        <Field
          key={name}
          name={name}
          schema={field}
          required={schema.required?.includes(name) ?? false}
          value={value[name]}
          onChange={(next) => onChange(withField(value, name, next))}
          errors={errors}
          pointer={`${base}/${name}`}
        />
      ))}
    </Stack>
  );
}

interface FieldProps {
  name: string;
  schema: Schema;
  required: boolean;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  errors: FieldError[];
  pointer: string;
}

function Field({ name, schema, required, value, onChange, errors, pointer }: FieldProps) {
  const own = errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
  const error = own.find((error) => error.pointer === pointer)?.message ?? own[0]?.message;
  const about = {
    label: labelOf(name, schema),
    description: schema.description,
    error,
    // Mantine's star says it; the browser's own bubble would be in the way of the server's messages.
    withAsterisk: required,
    "aria-required": required || undefined,
  };
  const example = schema.examples?.[0];
  const placeholder =
    typeof example === "string" || typeof example === "number" ? String(example) : undefined;
  const text =
    typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

  switch (kindOf(schema)) {
    case "secret":
      return (
        <PasswordInput
          {...about}
          autoComplete="new-password"
          spellCheck={false}
          value={text}
          placeholder={placeholder}
          description={
            text === MASK ? "A value is stored. Leave it to keep it, or type a new one." : schema.description
          }
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "choice":
      return <Choice about={about} schema={schema} value={value} required={required} onChange={onChange} />;
    case "switch":
      return (
        <Switch
          label={about.label}
          description={about.description}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
      return (
        <NumberInput
          {...about}
          value={typeof value === "number" ? value : ""}
          min={schema.minimum}
          max={schema.maximum}
          allowDecimal={schema.type !== "integer"}
          placeholder={placeholder}
          onChange={(next) => onChange(typeof next === "number" ? next : undefined)}
        />
      );
    case "list":
      return (
        <TagsInput
          {...about}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next) => onChange(next.length ? next : undefined)}
          clearable
        />
      );
    case "map":
      return (
        <PairsInput
          {...about}
          value={asFields(value)}
          onChange={(next) => onChange(Object.keys(next).length ? next : undefined)}
        />
      );
    case "group":
      return (
        <Fieldset legend={about.label} p="sm">
          {schema.description && (
            <Text size="xs" className="dim" mb="xs">
              {schema.description}
            </Text>
          )}
          <SchemaForm
            schema={schema}
            value={asFields(value)}
            onChange={onChange}
            errors={errors}
            base={pointer}
          />
        </Fieldset>
      );
    case "multiline":
      return (
        <Textarea
          {...about}
          classNames={schema["x-code"] ? { input: "mono" } : undefined}
          spellCheck={!schema["x-code"]}
          autosize
          minRows={3}
          maxRows={12}
          value={text}
          placeholder={placeholder}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "loose":
      return <LooseInput about={about} value={value} onChange={onChange} placeholder={placeholder} />;
    case "json":
      return <JsonInput about={about} value={value} onChange={onChange} />;
    default:
      return (
        <TextInput
          {...about}
          type={schema.format === "uri" ? "url" : "text"}
          value={text}
          placeholder={placeholder}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

const asFields = (value: Json | undefined): Fields =>
  value && typeof value === "object" && !Array.isArray(value) ? value : {};

interface About {
  label: string;
  description?: string;
  error?: ReactNode;
  withAsterisk?: boolean;
}

function Choice({
  about,
  schema,
  value,
  required,
  onChange,
}: {
  about: About;
  schema: Schema;
  value: Json | undefined;
  required: boolean;
  onChange: (value: Json | undefined) => void;
}) {
  const options = schema.enum ?? [];
  const shown = value === undefined ? null : JSON.stringify(value);
  return (
    <Select
      {...about}
      data={options.map((option) => ({ value: JSON.stringify(option), label: String(option) }))}
      value={shown}
      clearable={!required}
      allowDeselect={!required}
      onChange={(next) => onChange(next === null ? undefined : (JSON.parse(next) as Json))}
    />
  );
}

function JsonInput({
  about,
  value,
  onChange,
}: {
  about: About;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [broken, setBroken] = useState(false);
  const change = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() ? (JSON.parse(next) as Json) : undefined);
      setBroken(false);
    } catch {
      setBroken(true);
    }
  };
  return (
    <Textarea
      {...about}
      classNames={{ input: "mono" }}
      autosize
      minRows={2}
      maxRows={14}
      spellCheck={false}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      error={broken ? "This is not JSON yet" : about.error}
    />
  );
}

/** `5` is a number, `{"a": 1}` an object, `{{ input.name }}` a text: what cannot be JSON is what it says. */
export function loosely(text: string): Json | undefined {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function LooseInput({
  about,
  value,
  onChange,
  placeholder,
}: {
  about: About;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  placeholder?: string;
}) {
  const [text, setText] = useState(
    value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2),
  );
  return (
    <Textarea
      {...about}
      classNames={{ input: "mono" }}
      autosize
      minRows={1}
      maxRows={14}
      spellCheck={false}
      placeholder={placeholder}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(loosely(event.currentTarget.value));
      }}
    />
  );
}
