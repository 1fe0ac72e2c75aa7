import { Tabs } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import { useUrlState, type UrlState } from "../listing";

export interface Tab {
  value: string;
  label: string;
  panel: ReactNode;
}

/** Tabs of which the address bar names the open one; the first is open unless it does. */
export function UrlTabs({ tabs, clear = {} }: { tabs: Tab[]; clear?: UrlState }) {
  const [url, setUrl] = useUrlState();
  const first = tabs[0]!.value;
  const shown = tabs.some(({ value }) => value === url.tab) ? url.tab! : first;
  const open = (next: string | null) => setUrl({ ...clear, tab: next && next !== first ? next : undefined });
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a small screen the list is wider than its place.
    list.current?.querySelector("[data-active]")?.scrollIntoView?.({ inline: "center", block: "nearest" });
  }, [shown]);
  return (
    <Tabs value={shown} onChange={open} keepMounted={false}>
      <Tabs.List mb="md" ref={list}>
        {tabs.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, panel }) => (
        <Tabs.Panel key={value} value={value}>
          {panel}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
