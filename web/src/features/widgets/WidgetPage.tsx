// A widget's page; with the id of a placed widget it is that widget's page, opened at its place.

import { Button, Skeleton } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { widgetConfigs, widgets, type Widget, type WidgetConfig } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { Confirm } from "@/shared/ui/Confirm";
import { Page } from "@/shared/ui/Page";
import { Panel } from "@/shared/ui/Panel";
import { Problem } from "@/shared/ui/Problem";
import { FedBy } from "./FedBy";
import { PlaceForm } from "./PlaceForm";
import { Places } from "./Places";

const back = { to: "/widgets", label: "Widgets" };

export default function WidgetPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  return id.startsWith("wcfg_") ? <Placed id={id} /> : <OfWidget id={id} />;
}

function Placed({ id }: { id: string }) {
  const config = useQuery({ queryKey: ["widget-configs", id], queryFn: () => widgetConfigs.get(id) });
  if (config.error) return <Problem error={config.error} retry={() => void config.refetch()} />;
  if (!config.data) return <Skeleton height={200} />;
  return (
    <Navigate
      to="/widgets/$id"
      params={{ id: config.data.widget_id }}
      search={{ place: id } as never}
      replace
    />
  );
}

function OfWidget({ id }: { id: string }) {
  const widget = useQuery({ queryKey: ["widgets", id], queryFn: () => widgets.get(id) });
  if (widget.error) {
    return (
      <Page title="Widget" back={back}>
        <Problem error={widget.error} retry={() => void widget.refetch()} />
      </Page>
    );
  }
  if (!widget.data) return <Skeleton height={300} />;
  return <Shown widget={widget.data} />;
}

function Shown({ widget }: { widget: Widget }) {
  const [{ place }, setUrl] = useUrlState();
  const [form, setForm] = useState<WidgetConfig | "new" | null>(null);
  const places = useListing<WidgetConfig>("/widget-configs", { widget_id: widget.id });
  const navigate = useNavigate();
  const may = useMay("editor");
  const remove = async () => {
    await widgets.remove(widget.id);
    await navigate({ to: "/widgets" });
  };
  const add = () => setForm("new");
  return (
    <Page
      title={widget.name}
      back={back}
      lead={
        <>
          <span className="mono">{widget.slug}</span> {widget.description && `· ${widget.description}`}
        </>
      }
      actions={
        may && (
          <>
            <Button leftSection={<IconPlus size={16} />} onClick={add}>
              Place it
            </Button>
            <Confirm
              title={`Delete ${widget.name}?`}
              verb="Delete the widget"
              act={remove}
              stale={["widgets", "widget-configs", "feeds", "graph"]}
              trigger={(open) => (
                <Button
                  variant="default"
                  c="var(--state-failing)"
                  leftSection={<IconTrash size={15} />}
                  onClick={open}
                >
                  Delete
                </Button>
              )}
            >
              Every place of it goes too, and the players that show it become empty. This cannot be undone.
            </Confirm>
          </>
        )
      }
    >
      <FedBy widget={widget} />
      <Places
        list={places}
        open={place}
        onOpen={(place) => setUrl({ place })}
        add={may ? add : undefined}
        change={may ? setForm : undefined}
      />
      <Panel
        opened={form !== null}
        onClose={() => setForm(null)}
        title={form === "new" ? `Place ${widget.name}` : "Change options"}
      >
        {form && (
          <PlaceForm
            widget={widget}
            place={form === "new" ? null : form}
            done={(saved) => {
              setForm(null);
              setUrl({ place: saved.id });
            }}
          />
        )}
      </Panel>
    </Page>
  );
}
