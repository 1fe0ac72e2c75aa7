import { Button, Switch } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useAct } from "@/shared/act";
import { workflows, type Workflow } from "@/shared/api/workflows";
import { useMay } from "@/shared/me";
import { DetailPage, Opened } from "@/shared/ui/DetailPage";
import { Panel } from "@/shared/ui/Panel";
import { UrlTabs } from "@/shared/ui/UrlTabs";
import { Editor } from "./Editor";
import { RunNow } from "./RunNow";
import { RunTable } from "./RunTable";
import { useNames } from "./useNames";
import { Versions } from "./Versions";
import { triggersInWords } from "./words";

const kind = { one: "workflow", key: "workflows", back: { to: "/workflows", label: "Workflows" } };

export default function WorkflowPage() {
  return (
    <Opened kind={kind} read={workflows.get}>
      {(workflow) => <Shown key={workflow.id} workflow={workflow} />}
    </Opened>
  );
}

function Shown({ workflow }: { workflow: Workflow }) {
  const { id, enabled } = workflow;
  const may = useMay("editor");
  const [running, setRunning] = useState(false);
  const nameOf = useNames();
  const toggle = useAct((enabled: boolean) => workflows.change(id, { enabled }), {
    stale: ["workflows"],
    sayError: true,
  });
  return (
    <DetailPage
      kind={kind}
      name={workflow.name}
      lead={`${workflow.description ? `${workflow.description} · ` : ""}Starts ${triggersInWords(workflow.triggers, nameOf)}`}
      may={may}
      actions={
        <>
          <Switch
            label="On"
            checked={enabled}
            disabled={toggle.busy}
            onChange={(event) => void toggle.run(event.currentTarget.checked)}
          />
          <Button
            leftSection={<IconPlayerPlay size={15} />}
            onClick={() => setRunning(true)}
            disabled={!enabled}
            title={enabled ? undefined : "Switch it on to run it"}
          >
            Run
          </Button>
        </>
      }
      remove={{
        act: () => workflows.remove(id),
        stale: ["workflows", "executions"],
        loss: "Its runs under way are cancelled, and its versions go with it.",
      }}
    >
      <UrlTabs
        clear={{ status: undefined, since: undefined }}
        tabs={[
          { value: "editor", label: "Editor", panel: <Editor workflow={workflow} /> },
          { value: "runs", label: "Runs", panel: <RunTable workflow={id} /> },
          {
            value: "versions",
            label: `Versions (${workflow.version})`,
            panel: <Versions workflow={workflow} />,
          },
        ]}
      />
      <Panel opened={running} onClose={() => setRunning(false)} title={`Run ${workflow.name}`}>
        <RunNow workflow={workflow} />
      </Panel>
    </DetailPage>
  );
}
