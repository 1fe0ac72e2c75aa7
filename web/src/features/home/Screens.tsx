import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Json } from "@/shared/api/integrations";
import { widgetConfigs, type WidgetConfig } from "@/shared/api/widgets";
import { useListing } from "@/shared/listing";
import { shapeOf } from "@/shared/shape";
import { moments } from "@/shared/time";
import { Section } from "@/shared/ui/Page";
import { Spark } from "@/shared/ui/Spark";
import { StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import classes from "./Screens.module.css";

const MOST = 8;

/** What the placed widgets show right now, in small. */
export function Screens() {
  const places = useListing<WidgetConfig>("/widget-configs", {}, { limit: MOST });
  if (places.rows.length === 0) return null;
  return (
    <Section
      title="On the screens"
      aside={
        <Text size="xs">
          <Link to="/widgets" search={{ tab: "placed" } as never}>
            All places
          </Link>
        </Text>
      }
    >
      <div className={classes.screens}>
        {places.rows.toReversed().map((place) => (
          <Screen key={place.id} place={place} />
        ))}
      </div>
    </Section>
  );
}

function Screen({ place }: { place: WidgetConfig }) {
  const { data, error } = useQuery({
    queryKey: ["widget-configs", place.id, "data"],
    queryFn: () => widgetConfigs.data(place.id),
  });
  return (
    <Link
      to="/widgets/$id"
      params={{ id: place.id }}
      className={classes.screen}
      data-testid="screen"
      data-version={data?.version}
    >
      {/* A new version is a new light: the key starts the animation again. */}
      {data && <span key={data.version} className={classes.flash} aria-hidden />}
      <span className={classes.head}>
        <span className={classes.name}>{place.name}</span>
        {data && <StateIcon state={data.status} size={14} />}
      </span>
      {data ? (
        <Small document={data.data} />
      ) : error ? (
        <Quiet text="No data yet" />
      ) : (
        <Skeleton height={64} />
      )}
      <span className={classes.foot}>
        <span className="mono">{place.widget_slug}</span>
        {data?.fetched_at && <Time at={data.fetched_at} />}
      </span>
    </Link>
  );
}

/** `main feels like` is in its context `feels like`. */
const short = (name: string) => name.replace(/^(main|data|current|weather) /, "");

const Quiet = ({ text }: { text: string }) => <span className={`dim ${classes.body}`}>{text}</span>;

/** The first thing one wants to know of a document, and a little more. */
function Small({ document }: { document: Json }) {
  const shape = shapeOf(document);
  switch (shape.kind) {
    case "none":
      return <Quiet text="Nothing yet" />;
    case "text":
      return <span className={classes.body}>{shape.text}</span>;
    case "series":
      return (
        <span className={classes.body}>
          <span className={classes.big}>{shape.values.at(-1)}</span>
          <Spark values={shape.values} width={150} height={30} label={`${shape.values.length} values`} />
        </span>
      );
    case "list":
      return shape.items.length === 0 ? (
        <Quiet text="The list is empty" />
      ) : (
        <span className={classes.body}>
          {shape.items.slice(0, 3).map(({ title, detail, at }, index) => (
            <span key={index} className={classes.line}>
              {title}
              {detail && title.length < 24 && <span className="dim"> {detail}</span>}
              {at && title.length < 24 && (
                <span className="dim">
                  {" "}
                  <Time at={at} />
                </span>
              )}
            </span>
          ))}
        </span>
      );
    case "card": {
      const [first, ...rest] = shape.facts.filter(([, value]) => !moments.test(value));
      if (!first) return <Quiet text="Nothing yet" />;
      return (
        <span className={classes.body}>
          <span className={classes.big}>
            {first[1]} <span className={classes.unit}>{short(first[0])}</span>
          </span>
          {rest.slice(0, 2).map(([name, value]) => (
            <span key={name} className={classes.line}>
              {Number.isNaN(Number(value)) ? (
                value
              ) : (
                <>
                  <span className="dim">{short(name)}</span> {value}
                </>
              )}
            </span>
          ))}
        </span>
      );
    }
  }
}
