import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import type { Fields, Json } from "../api/integrations";
import type { Schema } from "../schema";

interface Props {
  title: string;
  lead?: ReactNode;
  mark?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string };
  /** As wide as the screen is. */
  wide?: boolean;
  children: ReactNode;
}

/** The frame of each page: where we are, what can be done, what there is. */
export function Page({ title, lead, mark, actions, back, wide, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Patchbay`;
  }, [title]);
  return (
    <Stack gap="md" className="page" data-wide={wide}>
      {back && (
        <Anchor component={Link} to={back.to} size="sm" className="back">
          <IconChevronLeft size={14} aria-hidden /> {back.label}
        </Anchor>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Group gap="sm" wrap="nowrap" align="center" miw={0}>
          {mark}
          <div className="min0">
            <Title order={1} size="h2" className="break">
              {title}
            </Title>
            {lead && (
              <Text size="sm" className="dim" component="div">
                {lead}
              </Text>
            )}
          </div>
        </Group>
        {actions && (
          <Group gap="xs" className="actions">
            {actions}
          </Group>
        )}
      </Group>
      {children}
    </Stack>
  );
}

/** A titled part of a page. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="section" aria-label={title}>
      <Group justify="space-between" mb={8} mih={26}>
        <h2 className="silk">{title}</h2>
        {aside}
      </Group>
      {children}
    </section>
  );
}

/** Settings as facts: called as their schema calls them, lists as lists. */
export const factsOf = (values: Fields, schema?: Schema): [string, ReactNode][] =>
  Object.entries(values)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => [schema?.properties?.[name]?.title ?? name.replaceAll("_", " "), written(value)]);

function written(value: Json): string {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Names and values, one under the other. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.map(([name, value]) => (
        <div key={name} data-long={typeof value === "string" && value.length > 60}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
