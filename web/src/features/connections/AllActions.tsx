import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useAct } from "@/shared/act";
import { connections } from "@/shared/api/connections";
import type { useSync } from "@/shared/sync";
import { plural } from "@/shared/text";

/** What is done with all accounts at once. */
export function AllActions({ sync }: { sync: ReturnType<typeof useSync> }) {
  const test = useAct(connections.testAll, {
    stale: ["connections", "tasks", "integrations", "status"],
    sayError: true,
    done: ({ data }) => {
      const lost = data.filter(({ is_valid }) => !is_valid).length;
      notifications.show({
        message: lost
          ? `${plural(lost, "account")} of ${data.length} did not pass; the list says why.`
          : `All ${plural(data.length, "account")} passed.`,
        color: lost ? "red" : "green",
      });
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={15} />}
        onClick={() => void test.run()}
        loading={test.busy}
      >
        Test all
      </Button>
      <Button
        leftSection={<IconRefresh size={15} />}
        onClick={() => void sync.run({ workspace: true })}
        loading={sync.busy}
      >
        Sync all
      </Button>
    </>
  );
}
