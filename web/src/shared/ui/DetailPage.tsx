// The page of one thing: read by its id, changed in a side panel, deleted with a question before it.

import { Button, Skeleton } from "@mantine/core";
import { IconPencil, IconTrash, type Icon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { Confirm } from "./Confirm";
import { Page } from "./Page";
import { Panel } from "./Panel";
import { Problem } from "./Problem";

/** A sort of things: what one is called, where it is kept, and the list that its page leads back to. */
export interface Kind {
  one: string;
  /** The first word of its query keys. */
  key: string;
  back: { to: string; label: string };
}

/** What the address names: grey while it is read, the error if it cannot be, else what it is. */
export function Opened<T>({
  kind,
  read,
  children,
}: {
  kind: Kind;
  read: (id: string) => Promise<T>;
  children: (data: T) => ReactNode;
}) {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = useQuery({ queryKey: [kind.key, id], queryFn: () => read(id) });
  if (query.error) {
    return (
      <Page title={kind.one[0]!.toUpperCase() + kind.one.slice(1)} back={kind.back}>
        <Problem error={query.error} retry={() => void query.refetch()} />
      </Page>
    );
  }
  if (query.data === undefined) return <Skeleton height={300} />;
  return children(query.data);
}

interface Props {
  kind: Kind;
  name: string;
  mark?: ReactNode;
  lead?: ReactNode;
  /** Whether who looks at it may change it. */
  may: boolean;
  /** What else can be done with it. */
  actions?: ReactNode;
  /** The form in the side panel; false while it cannot be shown yet. */
  edit?: false | ((done: () => void) => ReactNode);
  /** How it ends: by a verb of its own, unless it is deleted. */
  remove: { act: () => Promise<unknown>; stale: string[]; loss: ReactNode; verb?: string; icon?: Icon };
  children: ReactNode;
}

export function DetailPage({ kind, name, mark, lead, may, actions, edit, remove, children }: Props) {
  const [editing, setEditing] = useState(false);
  const navigate = useNavigate();
  const { verb = "Delete", icon: Mark = IconTrash } = remove;
  const act = async () => {
    await remove.act();
    await navigate({ to: kind.back.to });
  };
  return (
    <Page
      title={name}
      back={kind.back}
      mark={mark}
      lead={lead}
      actions={
        may && (
          <>
            {actions}
            {edit !== undefined && (
              <Button
                variant="default"
                leftSection={<IconPencil size={15} />}
                onClick={() => setEditing(true)}
                disabled={!edit}
              >
                Change
              </Button>
            )}
            <Confirm
              title={`${verb} ${name}?`}
              verb={`${verb} the ${kind.one}`}
              act={act}
              stale={remove.stale}
              trigger={(open) => (
                <Button
                  variant="default"
                  c="var(--state-failing)"
                  leftSection={<Mark size={15} />}
                  onClick={open}
                >
                  {verb}
                </Button>
              )}
            >
              {remove.loss} This cannot be undone.
            </Confirm>
          </>
        )
      }
    >
      {children}
      {edit && (
        <Panel opened={editing} onClose={() => setEditing(false)} title={`Change ${name}`} size={640}>
          {edit(() => setEditing(false))}
        </Panel>
      )}
    </Page>
  );
}
