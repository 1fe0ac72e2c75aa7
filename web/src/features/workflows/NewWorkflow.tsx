import { Button, Group, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "@/shared/act";
import type { Connector } from "@/shared/api/actions";
import type { Feed } from "@/shared/api/feeds";
import type { Integration } from "@/shared/api/integrations";
import { workflows } from "@/shared/api/workflows";
import { useUrlState } from "@/shared/listing";
import { Problem } from "@/shared/ui/Problem";
import { stepInWords, triggersInWords } from "./words";
import { templates, type Answers, type Ask, type Template } from "./templates";
import { HERE, OneOf } from "./Triggers";
import classes from "@/shared/ui/Cards.module.css";

/** First what it is like, then the little that it cannot know. */
export function NewWorkflow() {
  const [url, setUrl] = useUrlState();
  const chosen = templates.find(({ id }) => id === url.template);
  if (chosen)
    return <Filled key={chosen.id} template={chosen} back={() => setUrl({ template: undefined })} />;
  return (
    <ul className={classes.grid} aria-label="Templates">
      {templates.map(({ id, title, about, make }) => {
        const { triggers, steps } = make({ name: title, zone: HERE });
        return (
          <li key={id}>
            <UnstyledButton className={classes.card} onClick={() => setUrl({ template: id })}>
              <span>
                <Text size="sm" fw={600} component="span" display="block">
                  {title}
                </Text>
                <Text size="xs" className="dim" component="span" display="block">
                  {about}
                </Text>
                <Text size="xs" className="dim mono" component="span" display="block" mt={4}>
                  {triggersInWords(triggers, () => undefined)} → {steps.map(({ name }) => name).join(" → ")}
                </Text>
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}

function Filled({ template, back }: { template: Template; back: () => void }) {
  const navigate = useNavigate();
  const [answers, setAnswers] = useState<Answers>({ name: template.title, zone: HERE });
  const [tried, setTried] = useState(false);
  const create = useAct(() => workflows.create(template.make(answers)), {
    stale: ["workflows"],
    done: ({ id }) => void navigate({ to: "/workflows/$id", params: { id } }),
  });
  const open = template.asks.filter((ask) => !answers[ask] && ask !== "at");
  const set = (ask: Ask | "name") => (value: string) => setAnswers({ ...answers, [ask]: value });
  return (
    <Stack>
      <div>
        <Text fw={600}>{template.title}</Text>
        <Text size="sm" className="dim">
          {template.about}
        </Text>
        <Button variant="subtle" size="compact-xs" onClick={back} ml={-6}>
          Choose another
        </Button>
      </div>
      <TextInput
        label="Name"
        withAsterisk
        value={answers.name}
        onChange={(event) => set("name")(event.currentTarget.value)}
        data-autofocus
      />
      {template.asks.map((ask) => (
        <Asked
          key={ask}
          ask={ask}
          value={answers[ask]}
          onChange={set(ask)}
          error={tried && open.includes(ask) ? "This is needed" : undefined}
        />
      ))}
      <div className="box">
        <Text size="sm">Starts {triggersInWords(template.make(answers).triggers, () => undefined)}.</Text>
        <ol className="plain">
          {template.make(answers).steps.map((step) => (
            <li key={step.name}>
              <span className="mono">{step.name}</span> <span className="dim break">{stepInWords(step)}</span>
            </li>
          ))}
        </ol>
      </div>
      <Problem error={create.error} />
      <Group>
        <Button
          loading={create.busy}
          onClick={() => {
            setTried(true);
            if (open.length === 0 && answers.name.trim()) void create.run();
          }}
        >
          Make it
        </Button>
      </Group>
    </Stack>
  );
}

interface AskedProps {
  ask: Ask;
  value: string | undefined;
  onChange: (value: string) => void;
  error?: string;
}

const texts: Partial<Record<Ask, { label: string; placeholder: string; description?: string }>> = {
  url: {
    label: "Send to",
    placeholder: "https://hooks.slack.com/services/…",
    description: "The address of an incoming webhook",
  },
  source: { label: "Ask this address", placeholder: "https://api.example.com/report" },
  channel: { label: "Channel", placeholder: "#notifications" },
  at: { label: "At", placeholder: "06:00" },
};

function Asked({ ask, value, onChange, error }: AskedProps) {
  if (ask === "feed")
    return <OneOf<Feed> label="Feed" path="/feeds" value={value} onChange={onChange} error={error} />;
  if (ask === "inbound")
    return (
      <OneOf<Integration>
        label="Pushed to"
        path="/integrations"
        keep={({ mode }) => mode !== "pull"}
        value={value}
        onChange={onChange}
        error={error}
      />
    );
  if (ask === "slack")
    return (
      <OneOf<Connector>
        label="Slack integration"
        path="/connectors?type=slack"
        value={value}
        onChange={onChange}
        error={error}
      />
    );
  return (
    <TextInput
      {...texts[ask]}
      type={ask === "at" ? "time" : "text"}
      withAsterisk={ask !== "at"}
      value={value ?? (ask === "at" ? "06:00" : "")}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
