import {
  ActionIcon,
  Alert,
  Button,
  Group,
  SegmentedControl,
  Skeleton,
  Stack,
  Tabs,
  Text,
} from "@mantine/core";
import { useDebouncedValue, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp, IconPointer } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useAct } from "@/shared/act";
import { ApiError, type FieldError } from "@/shared/api/client";
import { workflows, type Definition, type Step, type Workflow } from "@/shared/api/workflows";
import { useMay } from "@/shared/me";
import { plural } from "@/shared/text";
import { Empty } from "@/shared/ui/Empty";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge } from "@/shared/ui/State";
import { changeTo, freeName, insert, move, remove, stepAt, stepOf, walk, withValue } from "./definition";
import { useDraft, type Drafting } from "./draft";
import classes from "./Editor.module.css";
import { JsonPane } from "./JsonPane";
import { kindOf, newStep } from "./kinds";
import { withLacking } from "./lacking";
import { PickStep } from "./PickStep";
import { SettingsForm } from "./SettingsForm";
import { StepForm } from "./StepForm";
import { StepList } from "./StepList";
import { Triggers } from "./Triggers";
import { useNames } from "./useNames";
import { triggersInWords } from "./words";

const Canvas = lazy(() => import("./Canvas"));

/** The graph or the list on one side, what is chosen or its JSON on the other. */
export function Editor({ workflow }: { workflow: Workflow }) {
  const draft = useDraft(workflow);
  const { present } = draft;
  const may = useMay("editor");
  const nameOf = useNames();
  const isSmall = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const [view, setView] = useState<string>();
  const shown = view ?? (isSmall ? "list" : "graph");
  const [selected, setSelected] = useState<string | undefined>(() => walk(present)[0]?.at);
  const [side, setSide] = useState("step");
  const [adding, setAdding] = useState<{ row: string; index: number }>();
  const { errors, checking } = useCheck(present);

  const edit = {
    insert: (row: string, index: number) => setAdding({ row, index }),
    move: (from: string, row: string, index: number) => {
      const moved = move(present, from, row, index);
      draft.set(moved.definition, true);
      setSelected(moved.at);
    },
    remove: (at: string) => {
      draft.set(remove(present, at), true);
      setSelected(undefined);
    },
  };
  const select = (at: string) => {
    setSelected(at);
    setSide(at === "start" ? "triggers" : "step");
  };
  const add = (type: string) => {
    if (!adding) return;
    const step = newStep(type, freeName(present, kindOf(type).name));
    draft.set(insert(present, adding.row, adding.index, step), true);
    select(`${adding.row}/${adding.index}`);
    setAdding(undefined);
  };
  useHotkeys([
    ["mod+Z", () => draft.undo?.()],
    ["mod+shift+Z", () => draft.redo?.()],
  ]);

  const drawn = {
    definition: present,
    selected,
    onSelect: select,
    edit: may ? edit : undefined,
    wrong: countWrong(present, errors),
  };
  return (
    <Stack gap="sm">
      <div className={classes.bench}>
        <Stack gap="xs" className="min0">
          <Group justify="space-between">
            <SegmentedControl
              size="xs"
              aria-label="How the steps are shown"
              value={shown}
              onChange={setView}
              data={[
                { value: "graph", label: "Graph" },
                { value: "list", label: "List" },
              ]}
            />
            <Group gap={4}>
              <Verdict errors={errors} checking={checking} onOpen={(pointer) => openError(pointer)} />
              <History draft={draft} />
            </Group>
          </Group>
          {shown === "graph" ? (
            <Suspense fallback={<Skeleton height={480} />}>
              <Canvas {...drawn} starts={triggersInWords(present.triggers, nameOf)} />
            </Suspense>
          ) : (
            <div className="box">
              <StepList {...drawn} />
            </div>
          )}
        </Stack>
        <div className={`box ${classes.side}`}>
          <Tabs value={side} onChange={(next) => next && setSide(next)} keepMounted={false}>
            <Tabs.List mb="md">
              <Tabs.Tab value="step">Step</Tabs.Tab>
              <Tabs.Tab value="triggers">Starts</Tabs.Tab>
              <Tabs.Tab value="settings">Terms</Tabs.Tab>
              <Tabs.Tab value="json">JSON</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="step">
              <Chosen
                draft={draft}
                at={selected}
                workflow={workflow.id}
                errors={errors}
                may={may}
                onRemove={edit.remove}
              />
            </Tabs.Panel>
            <Tabs.Panel value="triggers">
              <Triggers
                key={draft.turn}
                triggers={present.triggers ?? []}
                onChange={(triggers) =>
                  draft.set(withValue(present, "/triggers", triggers.length ? triggers : undefined))
                }
                errors={errors}
                nameOf={nameOf}
              />
            </Tabs.Panel>
            <Tabs.Panel value="settings">
              <SettingsForm
                key={draft.turn}
                definition={present}
                onChange={(next) => draft.set(next)}
                errors={errors}
              />
            </Tabs.Panel>
            <Tabs.Panel value="json">
              <JsonPane definition={present} onChange={(next) => draft.set(next, true)} errors={errors} />
            </Tabs.Panel>
          </Tabs>
        </div>
      </div>
      {may && <SaveBar workflow={workflow} draft={draft} wrong={errors.length} />}
      {adding && <PickStep onPick={add} onClose={() => setAdding(undefined)} />}
    </Stack>
  );

  function openError(pointer: string) {
    const at = stepOf(present, pointer);
    if (at) select(at);
    else setSide(pointer.startsWith("/triggers") ? "triggers" : "settings");
  }
}

/** What the server says of a definition, as it is typed. */
function useCheck(definition: Definition): { errors: FieldError[]; checking: boolean } {
  const [settled] = useDebouncedValue(definition, 350);
  const check = useQuery({
    queryKey: ["workflow-check", settled],
    queryFn: () => workflows.validate(settled),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  });
  const refused = check.error instanceof ApiError ? check.error.errors : [];
  return {
    errors: withLacking(definition, check.data?.errors ?? refused),
    checking: check.isFetching || settled !== definition,
  };
}

function countWrong(definition: Definition, errors: FieldError[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { pointer } of errors) {
    const at = stepOf(definition, pointer);
    if (at) counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return counts;
}

function Verdict({
  errors,
  checking,
  onOpen,
}: {
  errors: FieldError[];
  checking: boolean;
  onOpen: (pointer: string) => void;
}) {
  const first = errors[0];
  return (
    <span role="status">
      {first ? (
        <button
          type="button"
          className="link"
          title={`${first.pointer} ${first.message}`}
          onClick={() => onOpen(first.pointer)}
        >
          <StateBadge state="failed">{plural(errors.length, "thing")} to mend</StateBadge>
        </button>
      ) : (
        <StateBadge state={checking ? "running" : "ok"}>{checking ? "checking" : "sound"}</StateBadge>
      )}
    </span>
  );
}

function History({ draft: { undo, redo } }: { draft: Drafting }) {
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label="Undo"
        title="Undo (Ctrl Z)"
        disabled={!undo}
        onClick={undo}
      >
        <IconArrowBackUp size={17} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label="Redo"
        title="Redo (Ctrl Shift Z)"
        disabled={!redo}
        onClick={redo}
      >
        <IconArrowForwardUp size={17} />
      </ActionIcon>
    </>
  );
}

function Chosen({
  draft,
  at,
  workflow,
  errors,
  may,
  onRemove,
}: {
  draft: Drafting;
  at: string | undefined;
  workflow: string;
  errors: FieldError[];
  may: boolean;
  onRemove: (at: string) => void;
}) {
  const step = at && stepAt(draft.present, at);
  if (!at || !step)
    return (
      <Empty icon={IconPointer} title="Choose a step" small>
        Or put one in with a plus. Drag a step to another plus to move it.
      </Empty>
    );
  const change = (next: Step) => draft.set(withValue(draft.present, at, next));
  return (
    <StepForm
      // What was typed into a form belongs to the step that it was typed for.
      key={`${at} ${step.type} ${draft.turn}`}
      step={step}
      at={at}
      workflow={workflow}
      onChange={change}
      onRemove={() => onRemove(at)}
      errors={errors}
      may={may}
    />
  );
}

function SaveBar({ workflow, draft, wrong }: { workflow: Workflow; draft: Drafting; wrong: number }) {
  const save = useAct(() => workflows.change(workflow.id, changeTo(draft.base, draft.present)), {
    stale: ["workflows"],
    done: (now) => draft.saved(now),
    say: "Saved. Runs under way end with the version that they began with.",
  });
  useHotkeys([["mod+S", () => void (draft.dirty && wrong === 0 && save.run())]], []);
  if (!draft.dirty && !save.error) return null;
  return (
    <Stack gap="xs" className={classes.bar} role="region" aria-label="Unsaved changes">
      {draft.conflicts && (
        <Alert color="yellow" title="Somebody else has saved it meanwhile">
          Saving makes your version the newest; theirs stays among the versions.
        </Alert>
      )}
      <Problem error={save.error} />
      <Group justify="space-between">
        <Text size="sm">
          {wrong ? `Not saved: ${plural(wrong, "thing")} to mend first.` : "Changed, and not saved yet."}
        </Text>
        <Group gap="xs">
          <Button variant="default" onClick={draft.discard}>
            Discard
          </Button>
          <Button onClick={() => void save.run()} loading={save.busy} disabled={wrong > 0}>
            Save
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}
