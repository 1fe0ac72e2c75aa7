import { Text, Stack } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import type { RequestLog } from "../api/integrations";
import { useListing, useUrlState } from "../listing";
import { bytes } from "../text";
import { duration } from "../time";
import { Empty } from "./Empty";
import { ListTable } from "./ListTable";
import { StateBadge } from "./State";
import { Time } from "./Time";
import { Filter } from "./Filter";
import { Toolbar } from "./Toolbar";

/** Every request that left the house for this integration. */
export function RequestLogTable({ integration }: { integration: string }) {
  const [{ success }, setUrl] = useUrlState();
  const list = useListing<RequestLog>(`/integrations/${integration}/requests`, { success });
  return (
    <Stack gap="sm">
      <Toolbar>
        <Filter
          label="Outcome"
          value={success}
          options={[
            { value: "true", label: "ok" },
            { value: "false", label: "failed" },
          ]}
          onChange={(success) => setUrl({ success })}
        />
      </Toolbar>
      <ListTable
        label="Requests"
        list={list}
        empty={
          <Empty icon={IconArrowsExchange} title="No requests yet">
            They are listed here, without their secrets, as soon as a feed pulls or you press Test.
          </Empty>
        }
        columns={[
          { key: "at", title: "When", wide: true, cell: (row) => <Time at={row.at} /> },
          {
            key: "outcome",
            title: "Outcome",
            cell: (row) => (
              <StateBadge state={row.success ? "ok" : "failed"}>
                {row.status ?? row.error_code ?? "failed"}
              </StateBadge>
            ),
          },
          {
            key: "what",
            title: "Request",
            cell: (row) => (
              <>
                <Text size="sm" className="mono clip" title={row.url}>
                  {row.method} {row.url}
                </Text>
                <Text size="xs" className="dim narrow" component="div">
                  <Time at={row.at} />
                </Text>
                {row.error && (
                  <Text size="xs" className="dim break">
                    {row.error_code && <span className="mono">{row.error_code}: </span>}
                    {row.error}
                  </Text>
                )}
              </>
            ),
          },
          {
            key: "time",
            title: "Time",
            align: "right",
            wide: true,
            cell: (row) => duration(row.duration_ms),
          },
          {
            key: "bytes",
            title: "Size",
            align: "right",
            wide: true,
            cell: (row) => (row.cached ? "from cache" : row.bytes == null ? "" : bytes(row.bytes)),
          },
          { key: "attempt", title: "Attempt", align: "right", wide: true, cell: (row) => row.attempt },
        ]}
      />
    </Stack>
  );
}
