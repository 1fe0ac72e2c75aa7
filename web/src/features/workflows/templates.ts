// Workflows to begin with: each does something whole, and is small enough to be read.

import type { Definition, Step } from "@/shared/api/workflows";

/** What a template asks for before it is made. */
export type Ask = "feed" | "inbound" | "slack" | "url" | "source" | "channel" | "at";
export type Answers = Partial<Record<Ask, string>> & { name: string; zone: string };

export interface Template {
  id: string;
  title: string;
  about: string;
  asks: Ask[];
  make: (answers: Answers) => Definition;
}

const tell = (url: string | undefined, text: string): Step => ({
  name: "tell",
  type: "http",
  config: { method: "POST", url: url ?? "", body: { text } },
  retry: { attempts: 5, delay: "2s" },
});

export const templates: Template[] = [
  {
    id: "feed",
    title: "Message when a feed changes",
    about: "Each new version of a feed is told to a chat’s incoming webhook.",
    asks: ["feed", "url"],
    make: ({ name, feed, url }) => ({
      name,
      triggers: [{ type: "feed", feed_id: feed ?? "" }],
      steps: [tell(url, "There is something new: version {{ input.data.version }}.")],
    }),
  },
  {
    id: "nightly",
    title: "Nightly report",
    about: "At a fixed time, asks an address, makes a summary, and sends it on.",
    asks: ["source", "url", "at"],
    make: ({ name, source, url, at = "06:00", zone }) => {
      const [hour = "6", minute = "0"] = at.split(":");
      const collect: Step = {
        name: "collect",
        type: "http",
        config: { method: "GET", url: source ?? "" },
        retry: { attempts: 3, delay: "10s" },
      };
      const summary: Step = {
        name: "summary",
        type: "transform",
        config: { jq: '.steps.collect.output.body | "Report: " + (tostring | .[0:500])' },
      };
      return {
        name,
        triggers: [{ type: "cron", cron: `${Number(minute)} ${Number(hour)} * * *`, time_zone: zone }],
        steps: [collect, summary, tell(url, "{{ steps.summary.output }}")],
      };
    },
  },
  {
    id: "approve",
    title: "Approve, then send",
    about: "Asks a person first. A no ends the run; a yes sends what it was given.",
    asks: ["url"],
    make: ({ name, url }) => ({
      name,
      input: {
        type: "object",
        required: ["text"],
        properties: { text: { type: "string", title: "What to send" } },
      },
      steps: [
        { name: "approve", type: "approval", config: { message: "Send “{{ input.text }}”?", timeout: "3d" } },
        tell(url, "{{ input.text }}"),
      ],
    }),
  },
  {
    id: "slack",
    title: "Webhook to Slack",
    about: "What is pushed to an integration is told in a Slack channel.",
    asks: ["inbound", "slack", "channel"],
    make: ({ name, inbound, slack, channel }) => ({
      name,
      triggers: [{ type: "inbound", integration_id: inbound ?? "" }],
      steps: [
        {
          name: "send_slack_message",
          type: "connector",
          config: {
            provider: "slack",
            integration_id: slack ?? "",
            action: "send_message",
            input: { channel: channel ?? "", text: "Something came in: {{ input | tostring }}" },
          },
          retry: { attempts: 5, delay: "2s" },
        },
      ],
    }),
  },
  {
    id: "empty",
    title: "From nothing",
    about: "One step that hands back what it is given. Change it to what you need.",
    asks: [],
    make: ({ name }) => ({
      name,
      steps: [{ name: "value", type: "transform", config: { jq: ".input" } }],
    }),
  },
];
