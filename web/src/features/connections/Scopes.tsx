import { Text } from "@mantine/core";
import { IconCheck, IconMinus } from "@tabler/icons-react";
import type { Connection } from "@/shared/api/connections";
import { Section } from "@/shared/ui/Page";
import classes from "./ConnectionPage.module.css";

/** What the person has granted, and what was asked for and not granted. */
export function Scopes({ connection: { scopes, missing_scopes } }: { connection: Connection }) {
  if (scopes.length + missing_scopes.length === 0) return null;
  return (
    <Section title="Scopes">
      <div className="box">
        <ul className={classes.scopes}>
          {scopes.map((scope) => (
            <li key={scope}>
              <IconCheck size={15} className={classes.granted} role="img" aria-label="granted" />
              <span className="mono">{scope}</span>
            </li>
          ))}
          {missing_scopes.map((scope) => (
            <li key={scope}>
              <IconMinus size={15} className={classes.refused} role="img" aria-label="not granted" />
              <span className="mono">{scope}</span> <span className="dim">not granted</span>
            </li>
          ))}
        </ul>
        {missing_scopes.length > 0 && (
          <Text size="xs" className="dim" mt={8}>
            What needs the missing ones stays empty. Reconnect, and they are asked for again.
          </Text>
        )}
      </div>
    </Section>
  );
}
