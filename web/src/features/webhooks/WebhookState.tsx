import type { Webhook } from "@/shared/api/webhooks";
import { StateBadge } from "@/shared/ui/State";

/** One that Patchbay itself disabled is in trouble; one that is active may be, too. */
export function WebhookState({
  webhook: { status, cause, failing_since },
}: {
  webhook: Pick<Webhook, "status" | "cause" | "failing_since">;
}) {
  if (status === "disabled")
    return (
      <StateBadge state="failing" title={cause?.message}>
        disabled
      </StateBadge>
    );
  if (status === "active" && failing_since) return <StateBadge state="failing" />;
  return <StateBadge state={status} />;
}
