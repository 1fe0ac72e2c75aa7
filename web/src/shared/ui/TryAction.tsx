import {
  Accordion,
  Alert,
  Anchor,
  Badge,
  Button,
  Code,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { IconAlertTriangle, IconPlayerPlay } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAct } from "../act";
import { actions, type Action, type ActionResult } from "../api/actions";
import type { Fields, Json } from "../api/integrations";
import { useConnectors } from "../connectors";
import { SchemaForm } from "../form/SchemaForm";
import { useMay } from "../me";
import { defaultsOf, isEmpty, missingIn } from "../schema";
import { duration } from "../time";
import { JsonCode, pretty } from "./Code";
import { Section } from "./Page";
import { Problem } from "./Problem";
import { StateBadge } from "./State";

interface Props {
  provider: string;
  action: Action;
  /** The integration that it is done through, where that is settled. */
  integration?: string;
}

/** One action: what it takes and gives, examples, and a form that runs it. */
export function TryAction({ provider, action, integration }: Props) {
  return (
    <Stack>
      <div>
        <Text size="sm">
          {action.description}{" "}
          {action.docs && (
            <Anchor href={action.docs} target="_blank" rel="noreferrer" size="sm">
              Its documentation
            </Anchor>
          )}
        </Text>
        <Group gap={6} mt={6}>
          <Effect of={action} />
          {action.idempotent && <Mark>harmless to repeat with the same key</Mark>}
          {action.scopes.map((scope) => (
            <Mark key={scope}>{scope}</Mark>
          ))}
        </Group>
      </div>
      <Form provider={provider} action={action} integration={integration} />
      <Accordion variant="separated" multiple chevronPosition="left">
        <Accordion.Item value="schema">
          <Accordion.Control>Schemas of input and output</Accordion.Control>
          <Accordion.Panel>
            <Stack gap="xs">
              <JsonCode label="Schema of the input" value={pretty(action.input_schema)} minHeight={80} />
              <JsonCode label="Schema of the output" value={pretty(action.output_schema)} minHeight={80} />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
        {Object.keys(action.errors).length > 0 && (
          <Accordion.Item value="errors">
            <Accordion.Control>What can go wrong</Accordion.Control>
            <Accordion.Panel>
              <ul className="plain">
                {Object.entries(action.errors).map(([code, way]) => (
                  <li key={code}>
                    <span className="mono">{code}</span>: {way}
                  </li>
                ))}
              </ul>
            </Accordion.Panel>
          </Accordion.Item>
        )}
      </Accordion>
    </Stack>
  );
}

const Mark = ({ children }: { children: string }) => (
  <Badge size="sm" variant="outline" color="gray" c="var(--dim)" tt="none" miw="max-content">
    {children}
  </Badge>
);

const effects: Record<Action["effect"], string> = { read: "reads", write: "writes", delete: "deletes" };

export const Effect = ({ of: { effect } }: { of: Pick<Action, "effect"> }) => <Mark>{effects[effect]}</Mark>;

const asText = (fields: Fields) => pretty(fields);

function Form({ provider, action, integration }: Props) {
  const mine = useConnectors(provider);
  const able = mine.rows.filter(({ actions }) => actions.includes(action.name));
  const [picked, setPicked] = useState<string | null>(null);
  const through = integration ?? picked ?? able[0]?.id;
  const [input, setInput] = useState<Fields>(() => defaultsOf(action.input_schema));
  // A form whose values came from elsewhere begins anew.
  const [turn, setTurn] = useState(0);
  const [way, setWay] = useState("form");
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const [result, setResult] = useState<ActionResult>();
  const may = useMay("editor");
  const run = useAct(() => actions.run(through!, action.name, input), {
    stale: ["integrations"],
    done: setResult,
  });
  const fill = (fields: Fields) => {
    setInput(fields);
    setText(asText(fields));
    setTurn(turn + 1);
  };
  const missing = tried ? missingIn(action.input_schema, input, "/input") : [];
  const go = () => {
    setTried(true);
    setResult(undefined);
    if (missingIn(action.input_schema, input).length === 0) void run.run();
  };
  return (
    <Section
      title="Try it"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="How the input is given"
          value={way}
          onChange={(next) => {
            setText(asText(input));
            setTurn(turn + 1);
            setWay(next);
          }}
          data={[
            { value: "form", label: "Form" },
            { value: "json", label: "JSON" },
          ]}
        />
      }
    >
      <div className="box">
        <Stack gap="sm">
          {action.examples.length > 0 && (
            <Group gap={6}>
              <Text size="xs" className="dim">
                Examples:
              </Text>
              {action.examples.map(({ title, input }) => (
                <Button key={title} size="compact-xs" variant="default" onClick={() => fill(input)}>
                  {title}
                </Button>
              ))}
            </Group>
          )}
          {!integration && (
            <Select
              label="Through"
              data={able.map(({ id, name, enabled }) => ({
                value: id,
                label: enabled ? name : `${name} (off)`,
              }))}
              value={through ?? null}
              placeholder={mine.pending ? "" : "No integration yet"}
              allowDeselect={false}
              onChange={setPicked}
            />
          )}
          {!integration && !mine.pending && able.length === 0 && (
            <Anchor component={Link} to={`/integrations?add=1&provider=${provider}` as "/"} size="sm">
              Add an integration to run it
            </Anchor>
          )}
          {way === "json" ? (
            <JsonCode
              label="Input"
              value={text}
              minHeight={140}
              errors={run.errors.map((error) => ({
                ...error,
                pointer: error.pointer.replace(/^\/input/, ""),
              }))}
              onChange={(next) => {
                setText(next);
                try {
                  setInput(JSON.parse(next) as Fields);
                } catch {
                  // Not JSON yet: the editor says so.
                }
              }}
            />
          ) : isEmpty(action.input_schema) ? (
            <Text size="sm" className="dim">
              It takes nothing.
            </Text>
          ) : (
            <SchemaForm
              key={turn}
              schema={action.input_schema}
              value={input}
              onChange={setInput}
              errors={[...run.errors, ...missing]}
              base="/input"
            />
          )}
          <Problem error={run.error} />
          {may ? (
            <Button
              w="fit-content"
              leftSection={<IconPlayerPlay size={15} />}
              onClick={go}
              loading={run.busy}
              disabled={!through}
            >
              Run it
            </Button>
          ) : (
            <Text size="sm">An editor of this workspace can run it.</Text>
          )}
          {result && <Result result={result} integration={through!} />}
        </Stack>
      </div>
    </Section>
  );
}

function Result({ result, integration }: { result: ActionResult; integration: string }) {
  return (
    <Stack gap="xs" role="status">
      <Group gap="xs">
        <StateBadge state="succeeded">{result.status}</StateBadge>
        <span className="dim">in {duration(result.duration_ms)}</span>
        <Anchor component={Link} to={`/integrations/${integration}?tab=requests` as "/"} size="sm">
          Its request
        </Anchor>
      </Group>
      {result.warnings.length > 0 && (
        <Alert
          color="yellow"
          icon={<IconAlertTriangle size={18} />}
          title="The answer is not as the catalog says"
        >
          <ul className="plain">
            {result.warnings.map(({ pointer, message }) => (
              <li key={pointer + message}>
                <span className="mono">{pointer}</span> {message}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      <Code block mah={320} tabIndex={0}>
        {pretty(result.output as Json)}
      </Code>
    </Stack>
  );
}
