import { Anchor, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Json } from "../api/integrations";
import { shapeOf } from "../shape";
import { moments } from "../time";
import { JsonCode, pretty } from "./Code";
import classes from "./DocumentView.module.css";
import { Spark } from "./Spark";
import { Time } from "./Time";

/** A document, drawn as a reader would see it or as the JSON that it is. */
export function DocumentView({ document }: { document: Json }) {
  const [view, setView] = useState("preview");
  return (
    <Stack gap="xs">
      <SegmentedControl
        size="xs"
        w="fit-content"
        aria-label="How the document is shown"
        value={view}
        onChange={setView}
        data={[
          { value: "preview", label: "Preview" },
          { value: "json", label: "JSON" },
        ]}
      />
      {view === "json" ? (
        <JsonCode value={pretty(document)} label="Document" maxHeight={620} />
      ) : (
        <Preview document={document} />
      )}
    </Stack>
  );
}

const MANY = 40;

function Preview({ document }: { document: Json }) {
  const shape = shapeOf(document);
  switch (shape.kind) {
    case "none":
      return (
        <div className={classes.screen} data-kind={shape.kind}>
          Nothing yet
        </div>
      );
    case "text":
      return (
        <div className={classes.screen} data-kind={shape.kind}>
          {shape.text}
        </div>
      );
    case "series":
      return (
        <div className={classes.screen} data-kind={shape.kind}>
          {shape.title && <p className={classes.title}>{shape.title}</p>}
          <p className={classes.big}>{shape.values.at(-1)}</p>
          <Spark
            values={shape.values}
            width={300}
            height={64}
            label={`${shape.values.length} values, the last is ${shape.values.at(-1)}`}
          />
        </div>
      );
    case "list":
      return (
        <div className={classes.screen} data-kind={shape.kind}>
          {shape.title && <p className={classes.title}>{shape.title}</p>}
          {shape.items.length === 0 && (
            <Text size="sm" className="dim">
              The list is empty.
            </Text>
          )}
          <ul className={classes.list}>
            {shape.items.slice(0, MANY).map((item, index) => (
              <li key={index}>
                {item.link ? (
                  <Anchor href={item.link} target="_blank" rel="noreferrer" size="sm" fw={500}>
                    {item.title}
                  </Anchor>
                ) : (
                  <span className={classes.item}>{item.title}</span>
                )}
                {item.at && (
                  <Text size="xs" className="dim" component="span">
                    {" "}
                    <Time at={item.at} />
                  </Text>
                )}
                {item.detail && (
                  <Text size="sm" className="dim" lineClamp={2}>
                    {item.detail}
                  </Text>
                )}
              </li>
            ))}
          </ul>
          {shape.items.length > MANY && (
            <Text size="xs" className="dim">
              and {shape.items.length - MANY} more
            </Text>
          )}
        </div>
      );
    case "card":
      return (
        <div className={classes.screen} data-kind={shape.kind}>
          {shape.title && <p className={classes.title}>{shape.title}</p>}
          <dl className={classes.card}>
            {shape.facts.slice(0, MANY).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{moments.test(value) ? <Time at={value} /> : value}</dd>
              </div>
            ))}
          </dl>
          {shape.series && (
            <Spark
              values={shape.series.values}
              width={300}
              height={48}
              label={`${shape.series.name}: ${shape.series.values.length} values`}
            />
          )}
        </div>
      );
  }
}
