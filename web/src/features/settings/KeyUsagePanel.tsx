import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { keys, type ApiKey } from "@/shared/api/keys";
import { count, percent } from "@/shared/text";
import { duration } from "@/shared/time";
import { Facts, Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";

/** How much a key was used, and where. */
export function KeyUsagePanel({ id, apiKey }: { id: string; apiKey?: ApiKey }) {
  const usage = useQuery({ queryKey: ["api-keys", id, "usage"], queryFn: () => keys.usage(id) });
  if (usage.error) return <Problem error={usage.error} retry={() => void usage.refetch()} />;
  if (!usage.data) return <Skeleton height={200} />;
  const { total, errors, success_rate, mean_latency_ms, by_endpoint } = usage.data;
  return (
    <Stack>
      <Facts
        of={[
          [
            "Key",
            <span key="k" className="mono">
              {apiKey?.key_preview ?? id}
            </span>,
          ],
          ["Requests", count(total)],
          ["Errors", count(errors)],
          ["Success", success_rate == null ? "–" : percent(success_rate)],
          ["Mean time", mean_latency_ms == null ? "–" : duration(mean_latency_ms)],
          [
            "Limit",
            apiKey?.rate_limit
              ? `${count(apiKey.rate_limit.requests)} in ${duration(apiKey.rate_limit.window_secs * 1000)}`
              : "the usual",
          ],
        ]}
      />
      {apiKey && (
        <Section title="Scopes">
          <Text size="sm" className="mono">
            {apiKey.scopes.join(", ")}
          </Text>
        </Section>
      )}
      <Section title="By endpoint">
        {by_endpoint.length === 0 ? (
          <Text size="sm" className="dim">
            It has not been used yet.
          </Text>
        ) : (
          <div className="scrollx" tabIndex={0} role="group" aria-label="Use by endpoint">
            <Table fz="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Endpoint</Table.Th>
                  <Table.Th ta="right">Requests</Table.Th>
                  <Table.Th ta="right">Success</Table.Th>
                  <Table.Th ta="right">Mean time</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {by_endpoint.map((row) => (
                  <Table.Tr key={row.method + row.path}>
                    <Table.Td className="mono break">
                      {row.method} {row.path}
                    </Table.Td>
                    <Table.Td ta="right">{count(row.requests)}</Table.Td>
                    <Table.Td ta="right">{percent(row.success_rate)}</Table.Td>
                    <Table.Td ta="right">{duration(row.mean_latency_ms)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Section>
    </Stack>
  );
}
