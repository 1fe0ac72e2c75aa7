import type { Delivery } from "@/shared/api/webhooks";
import type { Outcome } from "@/shared/ui/Outcomes";

/** How a delivery went so far: one that is tried again has failed as yet. */
export const outcomeOf = ({ status }: Pick<Delivery, "status">): Outcome =>
  status === "succeeded" ? "ok" : status === "pending" ? "open" : "failed";
