import {
  IconActivity,
  IconAdjustments,
  IconApps,
  IconBook2,
  IconClipboardCheck,
  IconInbox,
  IconPlug,
  IconRoute,
  IconRss,
  IconTopologyStar3,
  IconUserCheck,
  IconWebhook,
  type Icon,
} from "@tabler/icons-react";

export interface Room {
  to: string;
  label: string;
  icon: Icon;
  /** Pressed after `g`. */
  key: string;
}

/** What stands in the left rail, in its order. */
export const rooms: Room[] = [
  { to: "/", label: "Home", icon: IconTopologyStar3, key: "h" },
  { to: "/integrations", label: "Integrations", icon: IconPlug, key: "i" },
  { to: "/connections", label: "Connections", icon: IconUserCheck, key: "c" },
  { to: "/feeds", label: "Feeds", icon: IconRss, key: "f" },
  { to: "/widgets", label: "Widgets", icon: IconApps, key: "w" },
  { to: "/workflows", label: "Workflows", icon: IconRoute, key: "l" },
  { to: "/inbox", label: "Inbox", icon: IconInbox, key: "b" },
  { to: "/webhooks", label: "Webhooks", icon: IconWebhook, key: "k" },
  { to: "/tasks", label: "Tasks", icon: IconClipboardCheck, key: "t" },
  { to: "/status", label: "Status", icon: IconActivity, key: "s" },
  { to: "/catalog", label: "Catalog", icon: IconBook2, key: "a" },
  { to: "/settings", label: "Settings", icon: IconAdjustments, key: "," },
];
