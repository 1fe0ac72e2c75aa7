import { Text } from "@mantine/core";
import { useState } from "react";
import type { FieldError } from "@/shared/api/client";
import type { Definition } from "@/shared/api/workflows";
import { JsonCode, pretty } from "@/shared/ui/Code";
import { parsed } from "./definition";

/** The definition as it is sent. What is typed here is drawn at once; what is drawn is written here. */
export function JsonPane({
  definition,
  onChange,
  errors,
}: {
  definition: Definition;
  onChange: (definition: Definition) => void;
  errors: FieldError[];
}) {
  const [text, setText] = useState(() => pretty(definition));
  const meant = parsed(text);
  // While the text is no JSON it is nobody's but its writer's.
  const shown = meant && pretty(meant) !== pretty(definition) ? pretty(definition) : text;
  return (
    <>
      <JsonCode
        label="The workflow as JSON"
        value={shown}
        minHeight={360}
        maxHeight={640}
        errors={errors}
        onChange={(next) => {
          setText(next);
          const read = parsed(next);
          if (read) onChange(read);
        }}
      />
      <Text size="xs" className="dim" mt={6} role="status">
        {meant ? "In step with the graph." : "Not JSON yet: the graph shows what was last understood."}
      </Text>
    </>
  );
}
