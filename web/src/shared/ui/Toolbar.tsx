import { CloseButton, Group, Kbd, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";

const isTyping = (target: Element) =>
  !!target.closest(
    "textarea,select,[contenteditable=true],[role=dialog],input:not([type=radio],[type=checkbox])",
  );

/** The search field of a list; `/` brings the cursor there. */
export function Search({
  value,
  onChange,
  label,
}: {
  value?: string;
  onChange: (value: string | undefined) => void;
  label: string;
}) {
  const [typed, setTyped] = useState(value ?? "");
  const field = useRef<HTMLInputElement>(null);
  const tell = useDebouncedCallback((next: string) => onChange(next || undefined), 250);
  // Only where text is typed is `/` a letter; on a switch or a choice it is still the way to the search.
  useHotkeys(
    [["/", (event) => isTyping(event.target as Element) || (event.preventDefault(), field.current?.focus())]],
    [],
  );
  const change = (next: string) => {
    setTyped(next);
    tell(next);
  };
  return (
    <TextInput
      ref={field}
      size="sm"
      type="search"
      w={{ base: "100%", xs: 260 }}
      placeholder={label}
      aria-label={label}
      leftSection={<IconSearch size={15} />}
      rightSection={
        typed ? (
          <CloseButton size="sm" aria-label="Clear the search" onClick={() => change("")} />
        ) : (
          <Kbd size="xs">/</Kbd>
        )
      }
      value={typed}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

export function Toolbar({ children }: { children: ReactNode }) {
  return (
    <Group gap="xs" role="group" aria-label="Search and filters">
      {children}
    </Group>
  );
}
