import type { Execution } from "@/shared/api/workflows";
import type { Outcome } from "@/shared/ui/Outcomes";

/** How a run went so far. One that was cancelled has not failed; nor has it succeeded. */
export const outcomeOf = ({ status }: Pick<Execution, "status">): Outcome =>
  status === "succeeded" ? "ok" : status === "failed" ? "failed" : "open";

export const isOver = ({ status }: Pick<Execution, "status">) =>
  status === "succeeded" || status === "failed" || status === "cancelled";
