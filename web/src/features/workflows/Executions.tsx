import { Page } from "@/shared/ui/Page";
import { RunTable } from "./RunTable";

export default function Executions() {
  return (
    <Page
      title="Runs"
      lead="Every run of every workflow, with what each step was given and what it gave."
      back={{ to: "/workflows", label: "Workflows" }}
    >
      <RunTable />
    </Page>
  );
}
