import { ActionIcon, Indicator, Popover, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Listing } from "@/shared/listing";
import { Problem } from "@/shared/ui/Problem";

interface Props<T> {
  label: string;
  icon: Icon;
  list: Listing<T>;
  /** How many of them wait, and the word for that: `3 open`. */
  waiting: number | string;
  word: string;
  /** Said where there are none. */
  empty: string;
  children: (row: T, close: () => void) => ReactNode;
  foot?: (close: () => void) => ReactNode;
}

/** A mark in the bar with a number on it. Under it hangs the list of what is counted. */
export function Tray<T>({ label, icon: Mark, list, waiting, word, empty, children, foot }: Props<T>) {
  const [opened, { toggle, close }] = useDisclosure();
  return (
    <Popover opened={opened} onChange={close} position="bottom-end" width={360} trapFocus>
      <Indicator disabled={!waiting} label={waiting} size={15} color="red.8" offset={5}>
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={toggle}
            aria-label={waiting ? `${label}, ${waiting} ${word}` : label}
          >
            <Mark size={18} stroke={1.7} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label={label}>
        <ScrollArea.Autosize mah={440}>
          <Problem error={list.error} retry={list.retry} />
          {list.rows.length === 0 && !list.error && (
            <Text size="sm" p="md" className="dim">
              {empty}
            </Text>
          )}
          {list.rows.map((row) => children(row, close))}
        </ScrollArea.Autosize>
        {foot?.(close)}
      </Popover.Dropdown>
    </Popover>
  );
}
