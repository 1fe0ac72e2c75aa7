import type { Connection } from "@/shared/api/connections";
import { Section } from "@/shared/ui/Page";
import { Time, useNow } from "@/shared/ui/Time";
import classes from "./ConnectionPage.module.css";
import { momentsOf } from "./timeline";

/** What happened to the tokens, and what will. */
export function Timeline({ connection }: { connection: Connection }) {
  const now = useNow();
  return (
    <Section title="Tokens">
      <div className="box">
        <ol className={classes.timeline}>
          {momentsOf(connection, now).map((moment) => (
            <li key={moment.key} data-when={moment.when} data-tone={moment.tone}>
              <span className={classes.dot} aria-hidden />
              <span>{moment.title}</span>
              <span className={classes.when}>{moment.at && <Time at={moment.at} />}</span>
              {moment.note && <span className={classes.note}>{moment.note}</span>}
            </li>
          ))}
        </ol>
      </div>
    </Section>
  );
}
