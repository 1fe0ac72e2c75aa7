// The kinds of steps: what they are called, what their forms ask for, and what a new one begins with.

import {
  IconArrowsSplit2,
  IconCode,
  IconGitBranch,
  IconHourglass,
  IconMessageReply,
  IconPlug,
  IconQuestionMark,
  IconRepeat,
  IconSubtask,
  IconSwitch2,
  IconTransform,
  IconUserQuestion,
  IconWorld,
  type Icon,
} from "@tabler/icons-react";
import type { Fields } from "@/shared/api/integrations";
import type { Step } from "@/shared/api/workflows";
import type { Schema } from "@/shared/schema";

export interface StepKind {
  title: string;
  about: string;
  icon: Icon;
  group: "Do" | "Decide" | "Wait" | "Answer";
  /** What its form asks for; what it holds besides are rows of steps, and drawn. */
  schema: Schema;
  /** What a new one begins with, and its name. */
  config: Fields;
  name: string;
  /** Whether it may be tried again, timed, and tested alone. */
  acts: boolean;
  /** Its result is the same each time: trying again brings nothing. */
  once?: boolean;
}

const loose = (title: string, description: string, example: string): Schema => ({
  title,
  description,
  examples: [example],
  "x-loose": true,
});
const text = (title: string, description?: string, example?: string): Schema => ({
  type: "string",
  title,
  description,
  ...(example ? { examples: [example] } : {}),
});
const map = (title: string): Schema => ({ type: "object", title, additionalProperties: { type: "string" } });

export const stepKinds: Record<string, StepKind> = {
  connector: {
    title: "Run an action",
    about: "Sends a message, makes an invoice, asks a database: what an integration can do.",
    icon: IconPlug,
    group: "Do",
    // Its form is made from the action's own schema.
    schema: {},
    config: {},
    name: "act",
    acts: true,
  },
  http: {
    title: "Send a request",
    about: "Calls any HTTP address. Its answer is what the step results in.",
    icon: IconWorld,
    group: "Do",
    schema: {
      required: ["url"],
      properties: {
        method: { type: "string", title: "Method", enum: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] },
        url: text("Address", undefined, "https://api.example.com/orders/{{ input.id }}"),
        query: map("Query"),
        headers: map("Headers"),
        body: loose("Body", "JSON, or a text as it is", '{"text": "{{ steps.total.output }}"}'),
      },
    },
    config: { method: "GET", url: "" },
    name: "request",
    acts: true,
  },
  transform: {
    title: "Make a value",
    about: "Picks and computes with jq, or fills in a template.",
    icon: IconTransform,
    group: "Do",
    schema: {
      properties: {
        jq: {
          ...text(
            "jq",
            "Over input, steps and trigger. Either this or a value.",
            ".input.items | map(.price) | add",
          ),
          "x-multiline": true,
          "x-code": true,
        },
        value: loose("Value", "A text or JSON with templates", "Hello {{ input.name }}"),
      },
    },
    config: { jq: ".input" },
    name: "value",
    acts: true,
    once: true,
  },
  code: {
    title: "Run JavaScript",
    about: "A few lines over the input. No network, no files, limited time.",
    icon: IconCode,
    group: "Do",
    schema: {
      required: ["source"],
      properties: {
        source: {
          ...text("Source", "The value of the last expression is what the step results in."),
          "x-multiline": true,
          "x-code": true,
        },
        input: loose("Input", "What it sees as input; the run’s own unless said", "{{ steps.fetch.output }}"),
      },
    },
    config: { source: "input" },
    name: "code",
    acts: true,
  },
  workflow: {
    title: "Run a workflow",
    about: "Hands over to another workflow, and waits for its end or not.",
    icon: IconSubtask,
    group: "Do",
    schema: {
      required: ["workflow_id"],
      properties: {
        workflow_id: text("Workflow", "Its id", "wf_01h455vb4pex5vsknk084sn02q"),
        input: loose("Input", "What it is given", '{"order": "{{ input.id }}"}'),
        wait: { type: "boolean", title: "Wait for its end", default: true },
      },
    },
    config: { workflow_id: "", wait: true },
    name: "hand_over",
    acts: false,
  },
  condition: {
    title: "If",
    about: "Goes one way when something is true, another when not.",
    icon: IconGitBranch,
    group: "Decide",
    schema: {
      required: ["if"],
      properties: { if: text("If", "A template that is true or not", "{{ input.total > 100 }}") },
    },
    config: { if: "{{ input.ok }}", then: [], else: [] },
    name: "check",
    acts: false,
  },
  switch: {
    title: "One of several ways",
    about: "Takes the first way whose value is the same.",
    icon: IconSwitch2,
    group: "Decide",
    schema: {
      required: ["value"],
      properties: { value: loose("Value", "What decides", "{{ input.country }}") },
    },
    config: { value: "{{ input.kind }}", cases: [{ when: "a", steps: [] }], default: [] },
    name: "choose",
    acts: false,
  },
  parallel: {
    title: "Several at once",
    about: "Goes all ways at the same time, and waits for the last.",
    icon: IconArrowsSplit2,
    group: "Decide",
    schema: {},
    config: { branches: { first: [], second: [] } },
    name: "at_once",
    acts: false,
  },
  for_each: {
    title: "For each",
    about: "Does the same for everything in a list.",
    icon: IconRepeat,
    group: "Decide",
    schema: {
      required: ["items"],
      properties: {
        items: loose("List", "What to go through; each is seen as item", "{{ input.orders }}"),
        as: text("Call each", "Another name for item", "order"),
        concurrency: { type: "integer", title: "At the same time", minimum: 1, maximum: 50 },
      },
    },
    config: { items: "{{ input.items }}", steps: [] },
    name: "each",
    acts: false,
  },
  wait: {
    title: "Wait",
    about: "For a while, until a time, or for something to happen. Costs nothing meanwhile.",
    icon: IconHourglass,
    group: "Wait",
    schema: {
      properties: {
        for: loose("For", "A span of time", "1h30m"),
        until: text("or until", "A time, or a template that gives one", "{{ input.due_at }}"),
        event: text("or for an event", "A kind, or its beginning and a *", "feed.updated"),
        filter: text("which", "jq over the event: true means that this is the one", ".data.version > 3"),
        timeout: loose("but no longer than", "For events: how long at most", "2d"),
      },
    },
    config: { for: "5m" },
    name: "wait",
    acts: false,
  },
  approval: {
    title: "Ask a person",
    about: "Stops until somebody approves; a no lets the step fail.",
    icon: IconUserQuestion,
    group: "Wait",
    schema: {
      required: ["message"],
      properties: {
        message: {
          ...text("Question", "What they read", "Send it to {{ input.email }}?"),
          "x-multiline": true,
        },
        to: text("For", "Whom it concerns, for people to see", "the finance team"),
        timeout: loose("Wait at most", "After that the step fails", "3d"),
      },
    },
    config: { message: "May it go on?" },
    name: "approve",
    acts: false,
  },
  respond: {
    title: "Answer the caller",
    about: "Answers who waits for the run over REST; the run goes on.",
    icon: IconMessageReply,
    group: "Answer",
    schema: {
      properties: {
        status: loose("Status", "HTTP status, 200 unless said", "201"),
        headers: map("Headers"),
        body: loose("Body", "JSON or a text", '{"id": "{{ execution.id }}"}'),
      },
    },
    config: { status: 200, body: "{{ input }}" },
    name: "answer",
    acts: false,
  },
};

const unknown: StepKind = {
  title: "Unknown step",
  about: "",
  icon: IconQuestionMark,
  group: "Do",
  schema: {},
  config: {},
  name: "step",
  acts: false,
};

export const kindOf = (type: string): StepKind => stepKinds[type] ?? unknown;

export const newStep = (type: string, name: string): Step => ({
  name,
  type,
  config: structuredClone(kindOf(type).config),
});

/** What every step may say besides its own settings; those that only decide or wait are not tried again. */
export const conductSchema = ({ acts, once }: StepKind): Schema => ({
  properties: {
    if: text("Only if", "Left out unless this is true", "{{ input.notify }}"),
    ...(acts && !once
      ? {
          timeout: loose("Time limit", "Of one attempt", "30s"),
          retry: {
            type: "object",
            title: "Retry",
            properties: {
              attempts: { type: "integer", title: "Attempts in all", minimum: 1, maximum: 50 },
              delay: loose("Wait before the second", "1s unless said", "1s"),
              factor: {
                type: "number",
                title: "Each wait is so many times as long",
                minimum: 1,
                maximum: 10,
              },
              max_delay: loose("but no longer than", "5m unless said", "5m"),
            },
          },
          idempotency_key: text(
            "Idempotency key",
            "Made from the run and the step unless said",
            "order-{{ input.id }}",
          ),
        }
      : {}),
  },
});

/** A form that takes templates where numbers and lists are asked for. */
export function templated(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, it]): [string, Schema] => {
    const plain = it.type === "string" || it.type === "boolean" || it.enum || it["x-sensitive"];
    const isMap = it.type === "object" && !it.properties && it.additionalProperties !== false;
    if (plain) return [name, it];
    if (it.type === "object" && it.properties) return [name, templated(it)];
    if (isMap && typeof it.additionalProperties === "object" && it.additionalProperties.type === "string")
      return [name, it];
    return [name, { ...it, "x-loose": true }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}
