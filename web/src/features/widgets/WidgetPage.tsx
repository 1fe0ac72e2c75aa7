// A widget's page; with the id of a placed widget it is that widget's page, opened at its place.

import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Navigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { widgetConfigs, widgets, type Widget, type WidgetConfig } from "@/shared/api/widgets";
import { useListing, useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { Panel } from "@/shared/ui/Panel";
import { FedBy } from "./FedBy";
import { PlaceForm } from "./PlaceForm";
import { Places } from "./Places";

const kind = { one: "widget", key: "widgets", back: { to: "/widgets", label: "Widgets" } };
const place = { ...kind, key: "widget-configs" };

export default function WidgetPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  return id.startsWith("wcfg_") ? (
    <Opened kind={place} read={widgetConfigs.get}>
      {({ widget_id }) => (
        <Navigate to="/widgets/$id" params={{ id: widget_id }} search={{ place: id } as never} replace />
      )}
    </Opened>
  ) : (
    <Opened kind={kind} read={widgets.get}>
      {(widget) => <Shown widget={widget} />}
    </Opened>
  );
}

function Shown({ widget }: { widget: Widget }) {
  const [{ place }, setUrl] = useUrlState();
  const [form, setForm] = useState<WidgetConfig | "new" | null>(null);
  const places = useListing<WidgetConfig>("/widget-configs", { widget_id: widget.id });
  const may = useMay("editor");
  const add = () => setForm("new");
  return (
    <DetailPage
      kind={kind}
      name={widget.name}
      lead={
        <>
          <span className="mono">{widget.slug}</span> {widget.description && `· ${widget.description}`}
        </>
      }
      may={may}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={add}>
          Place it
        </Button>
      }
      remove={{
        act: () => widgets.remove(widget.id),
        stale: ["widgets", "widget-configs", "feeds", "graph"],
        loss: "Every place of it goes too, and the players that show it become empty.",
      }}
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
    </DetailPage>
  );
}
