import { Alert, Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import type { ScopeInfo } from "@/shared/api/keys";
import { plural } from "@/shared/text";
import classes from "./ScopePicker.module.css";

const EVERYTHING = "admin:full";

interface Props {
  scopes: ScopeInfo[];
  value: string[];
  onChange: (value: string[]) => void;
}

/** What a key may do, group by group. `admin:full` stands for all of it. */
export function ScopePicker({ scopes, value, onChange }: Props) {
  const single = scopes.filter(({ name }) => name !== EVERYTHING);
  const groups = [...new Set(single.map(({ group }) => group))];
  const everything = value.includes(EVERYTHING);
  const set = (names: string[], on: boolean) => {
    const rest = value.filter((name) => !names.includes(name));
    onChange(on ? [...rest, ...names] : rest);
  };
  return (
    <Stack gap="xs" role="group" aria-label="Scopes">
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          Scopes
        </Text>
        <Text size="xs" className="dim" aria-live="polite">
          {everything ? "everything" : `${plural(value.length, "scope")} chosen`}
        </Text>
      </Group>
      {scopes.some(({ name }) => name === EVERYTHING) && (
        <Checkbox
          label={<span className="mono">{EVERYTHING}</span>}
          description="Everything, also what is added later"
          checked={everything}
          onChange={(event) => onChange(event.currentTarget.checked ? [EVERYTHING] : [])}
        />
      )}
      {everything && (
        <Alert color="yellow" p="xs">
          Whoever has this key can do all that an admin can. Choose single scopes where they are enough.
        </Alert>
      )}
      <div className={classes.groups}>
        {groups.map((group) => {
          const members = single.filter((scope) => scope.group === group);
          const names = members.map(({ name }) => name);
          const all = names.every((name) => value.includes(name));
          return (
            <fieldset key={group} className={classes.group} disabled={everything}>
              <legend>
                {group}
                <Button
                  size="compact-xs"
                  variant="subtle"
                  disabled={everything}
                  onClick={() => set(names, !all)}
                  aria-label={`${all ? "None" : "All"} of ${group}`}
                >
                  {all ? "none" : "all"}
                </Button>
              </legend>
              {members.map(({ name, description }) => (
                <Checkbox
                  key={name}
                  size="xs"
                  disabled={everything}
                  label={<span className="mono">{name}</span>}
                  description={description}
                  checked={everything || value.includes(name)}
                  onChange={(event) => set([name], event.currentTarget.checked)}
                />
              ))}
            </fieldset>
          );
        })}
      </div>
    </Stack>
  );
}
