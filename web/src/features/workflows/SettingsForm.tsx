import type { FieldError } from "@/shared/api/client";
import type { Fields } from "@/shared/api/integrations";
import type { Definition } from "@/shared/api/workflows";
import { SchemaForm } from "@/shared/form/SchemaForm";
import type { Schema } from "@/shared/schema";

const schema: Schema = {
  required: ["name"],
  properties: {
    name: { type: "string", title: "Name" },
    description: { type: "string", title: "What it is for", "x-multiline": true },
    input: {
      title: "Input",
      description: "JSON Schema of what it is given; the form to run it by hand is made from it",
      "x-loose": true,
      examples: ['{"properties": {"email": {"type": "string"}}}'],
    },
    output: {
      title: "Output",
      description: "What a run results in; what its last step does unless said",
      "x-loose": true,
      examples: ["{{ steps.total.output }}"],
    },
    timeout: {
      title: "A run may take",
      description: "Waits included, such as 1h",
      "x-loose": true,
      examples: ["1h"],
    },
    keep_days: { type: "integer", title: "Runs are kept (days)", minimum: 0, maximum: 3650 },
    concurrency: {
      type: "object",
      title: "Runs at the same time",
      properties: {
        limit: { type: "integer", title: "At most", minimum: 1 },
        key: {
          type: "string",
          title: "Counted apart for each",
          examples: ["{{ input.customer }}"],
        },
        on_limit: {
          type: "string",
          title: "One too many",
          description: "waits for its turn, or is skipped",
          enum: ["queue", "skip"],
        },
      },
    },
  },
};

/** The terms on which a workflow runs. */
export function SettingsForm({
  definition,
  onChange,
  errors,
}: {
  definition: Definition;
  onChange: (definition: Definition) => void;
  errors: FieldError[];
}) {
  return (
    <SchemaForm
      schema={schema}
      value={definition as unknown as Fields}
      onChange={(next) => onChange(tidy(next as unknown as Definition))}
      errors={errors}
    />
  );
}

/** A limit of which nothing is said is none. */
function tidy({ concurrency, ...rest }: Definition): Definition {
  return concurrency && Object.keys(concurrency).length > 0 ? { ...rest, concurrency } : rest;
}
