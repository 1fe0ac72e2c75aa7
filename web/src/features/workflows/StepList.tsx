import { ActionIcon, Button, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import type { Definition, Step, StepStatus } from "@/shared/api/workflows";
import { StateBadge, StateIcon } from "@/shared/ui/State";
import { lanesOf, placeOf, ROOT, stepsIn } from "./definition";
import { kindOf } from "./kinds";
import classes from "./StepList.module.css";
import { stepInWords } from "./words";

interface Props {
  definition: Definition;
  selected?: string;
  onSelect: (at: string) => void;
  edit?: {
    insert: (row: string, index: number) => void;
    move: (from: string, row: string, index: number) => void;
    remove: (at: string) => void;
  };
  wrong?: Map<string, number>;
  states?: Map<string, StepStatus>;
}

/** The steps one under the other: what the graph says, for keyboards, readers and small screens. */
export function StepList(props: Props) {
  return <Row {...props} steps={stepsIn(props.definition.steps)} row={ROOT} title="the workflow" />;
}

function Row({ steps, row, title, ...props }: Props & { steps: Step[]; row: string; title: string }) {
  const { edit } = props;
  return (
    <ol className={classes.list} aria-label={`Steps of ${title}`}>
      {steps.map((step, index) => (
        <li key={`${index} ${step.name}`}>
          <One {...props} step={step} row={row} index={index} last={index === steps.length - 1} />
        </li>
      ))}
      {edit && (
        <li>
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconPlus size={13} />}
            onClick={() => edit.insert(row, steps.length)}
            aria-label={`Add a step to ${title}`}
          >
            Add a step
          </Button>
        </li>
      )}
      {!edit && steps.length === 0 && (
        <li>
          <Text size="xs" className="dim">
            no steps
          </Text>
        </li>
      )}
    </ol>
  );
}

interface OneProps extends Props {
  step: Step;
  row: string;
  index: number;
  last: boolean;
}

function One({ step, row, index, last, ...props }: OneProps) {
  const { selected, onSelect, edit, wrong, states } = props;
  const at = `${row}/${index}`;
  const kind = kindOf(step.type);
  const name = step.name || kind.title;
  const Mark = kind.icon;
  const errors = wrong?.get(at) ?? 0;
  const state = states?.get(placeOf(at));
  return (
    <>
      <div className={classes.row} data-selected={selected === at}>
        <button
          type="button"
          className={classes.open}
          aria-pressed={selected === at}
          onClick={() => onSelect(at)}
        >
          {state ? <StateIcon state={state} size={17} /> : <Mark size={17} stroke={1.7} aria-hidden />}
          <span className={classes.words}>
            <Text size="sm" fw={600} truncate component="span">
              {name}
            </Text>
            <Text size="xs" className="dim" truncate component="span">
              {stepInWords(step)}
            </Text>
          </span>
          {errors > 0 && <StateBadge state="failed">{errors} wrong</StateBadge>}
        </button>
        {edit && (
          <>
            <Act label={`Move ${name} up`} off={index === 0} act={() => edit.move(at, row, index - 1)}>
              <IconArrowUp size={15} />
            </Act>
            <Act label={`Move ${name} down`} off={last} act={() => edit.move(at, row, index + 2)}>
              <IconArrowDown size={15} />
            </Act>
            <Act label={`Insert a step before ${name}`} act={() => edit.insert(row, index)}>
              <IconPlus size={15} />
            </Act>
            <Act label={`Remove ${name}`} act={() => edit.remove(at)}>
              <IconTrash size={15} />
            </Act>
          </>
        )}
      </div>
      {lanesOf(step, at).map((lane) => (
        <div key={lane.row}>
          <p className={classes.lane}>{lane.title}</p>
          <Row {...props} steps={lane.steps} row={lane.row} title={`${lane.title} in ${name}`} />
        </div>
      ))}
    </>
  );
}

function Act({
  label,
  act,
  off,
  children,
}: {
  label: string;
  act: () => void;
  off?: boolean;
  children: React.ReactNode;
}) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} title={label} disabled={off} onClick={act}>
      {children}
    </ActionIcon>
  );
}
