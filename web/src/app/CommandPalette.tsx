import { Combobox, Group, Modal, ScrollArea, Text, useCombobox, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconApps,
  IconPlus,
  IconRoute,
  IconRss,
  IconSearch,
  IconWebhook,
  type Icon,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Connection } from "@/shared/api/connections";
import type { Feed } from "@/shared/api/feeds";
import type { Integration } from "@/shared/api/integrations";
import type { Webhook } from "@/shared/api/webhooks";
import type { Widget } from "@/shared/api/widgets";
import type { Workflow } from "@/shared/api/workflows";
import { useListing } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { rooms } from "./rooms";

interface Command {
  to: string;
  label: string;
  kind: string;
  icon?: Icon;
  provider?: string;
}

const commands: Command[] = [
  ...rooms.map(({ to, label, icon }) => ({ to, label, icon, kind: "Page" })),
  { to: "/integrations?add=1", label: "Add an integration", icon: IconPlus, kind: "Do" },
  { to: "/connections?all=1", label: "Connect an account", icon: IconPlus, kind: "Do" },
  { to: "/feeds?add=1", label: "Add a feed", icon: IconPlus, kind: "Do" },
  { to: "/workflows?add=1", label: "New workflow", icon: IconPlus, kind: "Do" },
  { to: "/webhooks?add=1", label: "Add a webhook", icon: IconPlus, kind: "Do" },
  { to: "/executions", label: "Runs of workflows", icon: IconRoute, kind: "Page" },
  { to: "/widgets?add=1", label: "Add a widget", icon: IconPlus, kind: "Do" },
  { to: "/widgets?tab=players", label: "Players", icon: IconApps, kind: "Page" },
  { to: "/settings?tab=keys", label: "API keys", icon: IconPlus, kind: "Page" },
];

/** Pages, commands, and whatever the server finds by the same words. */
export default function CommandPalette({ close }: { close: () => void }) {
  return (
    <Modal.Root
      opened
      transitionProps={{ duration: 0 }}
      onClose={close}
      size="lg"
      yOffset="12dvh"
      centered={false}
    >
      <Modal.Overlay backgroundOpacity={0.4} />
      <Modal.Content aria-label="Search and commands">
        <Modal.Body p={0}>
          <Palette close={close} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate();
  // The list of options takes Escape for itself, so it is what says that the palette closes.
  const combobox = useCombobox({ opened: true, onDropdownClose: close });
  const { selectFirstOption } = combobox;
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 150);
  const options = { enabled: search.length > 0, limit: 6 };
  const integrations = useListing<Integration>("/integrations", { search }, options);
  const accounts = useListing<Connection>("/connections", { search }, options);
  const feeds = useListing<Feed>("/feeds", { search }, options);
  const widgets = useListing<Widget>("/widgets", { search }, options);

  const workflows = useListing<Workflow>("/workflows", { search }, options);
  // Who may not see them is not told that there are some.
  const seesWebhooks = useMay("admin");
  const webhooks = useListing<Webhook>(
    "/webhooks",
    { search },
    { ...options, enabled: options.enabled && seesWebhooks },
  );

  const words = typed.trim().toLowerCase();
  const found: Command[] = [
    ...commands.filter(({ label }) => label.toLowerCase().includes(words)),
    ...(words
      ? [
          ...integrations.rows.map(({ id, name, provider }) => ({
            to: `/integrations/${id}`,
            label: name,
            kind: "Integration",
            provider,
          })),
          ...accounts.rows.map(({ id, provider, account, subject }) => ({
            to: `/connections/${id}`,
            label: account.name ?? (subject || provider),
            kind: "Connection",
            provider,
          })),
          ...feeds.rows.map(({ id, name }) => ({
            to: `/feeds/${id}`,
            label: name,
            kind: "Feed",
            icon: IconRss,
          })),
          ...widgets.rows.map(({ id, name }) => ({
            to: `/widgets/${id}`,
            label: name,
            kind: "Widget",
            icon: IconApps,
          })),
          ...workflows.rows.map(({ id, name }) => ({
            to: `/workflows/${id}`,
            label: name,
            kind: "Workflow",
            icon: IconRoute,
          })),
          ...webhooks.rows.map(({ id, name }) => ({
            to: `/webhooks/${id}`,
            label: name,
            kind: "Webhook",
            icon: IconWebhook,
          })),
        ]
      : []),
  ];
  const amount = found.length;
  useEffect(() => {
    selectFirstOption();
  }, [amount, typed, selectFirstOption]);

  return (
    <Combobox
      store={combobox}
      onOptionSubmit={(to) => {
        close();
        void navigate({ to });
      }}
    >
      <Combobox.EventsTarget>
        <TextInput
          data-autofocus
          size="md"
          variant="unstyled"
          px="sm"
          placeholder="Search integrations, accounts, feeds, workflows, or say what to do"
          aria-label="Search and commands"
          leftSection={<IconSearch size={17} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </Combobox.EventsTarget>
      <ScrollArea.Autosize
        mah={380}
        viewportProps={{ tabIndex: 0 }}
        style={{ borderTop: "1px solid var(--line)" }}
      >
        <Combobox.Options p={6} aria-label="Found">
          {found.map(({ to, label, kind, icon: Mark, provider }) => (
            <Combobox.Option value={to} key={to}>
              <Group gap="sm" wrap="nowrap">
                {provider ? (
                  <ProviderIcon provider={provider} size={20} />
                ) : (
                  Mark && <Mark size={17} stroke={1.6} />
                )}
                <Text size="sm" truncate flex={1}>
                  {label}
                </Text>
                <Text size="xs" className="dim">
                  {kind}
                </Text>
              </Group>
            </Combobox.Option>
          ))}
          {amount === 0 && <Combobox.Empty>Nothing by that name. Try a part of it.</Combobox.Empty>}
        </Combobox.Options>
      </ScrollArea.Autosize>
    </Combobox>
  );
}
