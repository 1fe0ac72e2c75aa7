import { Button, Group, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconLayoutBoard, IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { feeds } from "@/shared/api/feeds";
import { widgetConfigs, type WidgetConfig } from "@/shared/api/widgets";
import type { Listing } from "@/shared/listing";
import { Confirm } from "@/shared/ui/Confirm";
import { CopyField } from "@/shared/ui/CopyField";
import { DocumentView } from "@/shared/ui/DocumentView";
import { Empty } from "@/shared/ui/Empty";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { StateBadge, StateIcon } from "@/shared/ui/State";
import { Time } from "@/shared/ui/Time";
import classes from "./Places.module.css";

interface Props {
  list: Listing<WidgetConfig>;
  open?: string;
  onOpen: (id: string) => void;
  add?: () => void;
  change?: (place: WidgetConfig) => void;
}

/** Where a widget is placed, with a live picture of the chosen one. */
export function Places({ list, open, onOpen, add, change }: Props) {
  if (list.error) return <Problem error={list.error} retry={list.retry} />;
  if (list.pending) return <Skeleton height={240} />;
  const shown = list.rows.find(({ id }) => id === open) ?? list.rows[0];
  if (!shown) {
    return (
      <div className="box">
        <Empty
          icon={IconLayoutBoard}
          title="Not placed yet"
          action={add && <Button onClick={add}>Place it</Button>}
        >
          Placing a widget gives it its options, runs the first fetch, and makes the address that players
          read.
        </Empty>
      </div>
    );
  }
  return (
    <div className={classes.split}>
      <Section title="Places">
        <ul className={classes.list}>
          {list.rows.map((place) => (
            <li key={place.id}>
              <UnstyledButton
                className={classes.place}
                aria-current={place.id === shown.id || undefined}
                onClick={() => onOpen(place.id)}
              >
                <span className="clip">{place.name}</span>
                {place.feeds.map((feed) => (
                  <StateIcon key={feed.integration_id} state={feed.status} />
                ))}
              </UnstyledButton>
            </li>
          ))}
        </ul>
        {list.more && (
          <Button variant="subtle" size="xs" onClick={list.loadMore} loading={list.loadingMore}>
            Load more
          </Button>
        )}
      </Section>
      <Place key={shown.id} place={shown} change={change} />
    </div>
  );
}

function Place({ place, change }: { place: WidgetConfig; change?: (place: WidgetConfig) => void }) {
  const document = useQuery({
    queryKey: ["widget-configs", place.id, "data"],
    queryFn: () => widgetConfigs.data(place.id),
  });
  return (
    <Section
      title={place.name}
      aside={
        change && (
          <Group gap="xs">
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPencil size={14} />}
              onClick={() => change(place)}
            >
              Options
            </Button>
            <Confirm
              title={`Remove ${place.name}?`}
              verb="Remove the place"
              act={() => widgetConfigs.remove(place.id)}
              stale={["widget-configs", "players", "feeds", "graph"]}
              trigger={(open) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  c="var(--state-failing)"
                  leftSection={<IconTrash size={14} />}
                  onClick={open}
                >
                  Remove
                </Button>
              )}
            >
              Players that show it become empty. This cannot be undone.
            </Confirm>
          </Group>
        )
      }
    >
      <Stack>
        <Problem error={document.error} retry={() => void document.refetch()} title="No data yet" />
        {document.data ? (
          <>
            <Group gap="md">
              <StateBadge state={document.data.status} />
              <Text size="sm" className="dim">
                Version {document.data.version}, <Time at={document.data.fetched_at} />
              </Text>
            </Group>
            {document.data.error_message && <Text size="sm">{document.data.error_message}</Text>}
            <DocumentView document={document.data.data} />
          </>
        ) : (
          !document.error && <Skeleton height={200} />
        )}
        <div>
          <h3 className="silk">Players read</h3>
          <CopyField value={new URL(place.data_url, window.location.origin).href} label="Copy the address" />
        </div>
        {(place.webhook_urls?.length ?? 0) > 0 && (
          <div>
            <h3 className="silk">Pushes go to</h3>
            {place.webhook_urls!.map((url) => (
              <CopyField key={url} value={url} label="Copy the address" />
            ))}
          </div>
        )}
        <div>
          <h3 className="silk">Feeds</h3>
          <ul className="plain">
            {place.feeds.map((feed) => (
              <li key={feed.integration_id}>
                {feed.feed_id ? <FeedLink id={feed.feed_id} /> : "not made yet"}{" "}
                <StateBadge state={feed.status} /> <Time at={feed.fetched_at} />
              </li>
            ))}
          </ul>
        </div>
      </Stack>
    </Section>
  );
}

function FeedLink({ id }: { id: string }) {
  const feed = useQuery({ queryKey: ["feeds", id], queryFn: () => feeds.get(id) });
  return (
    <Link to="/feeds/$id" params={{ id }}>
      {feed.data?.name ?? id}
    </Link>
  );
}
