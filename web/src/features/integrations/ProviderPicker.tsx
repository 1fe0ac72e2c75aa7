import { Badge, Button, Center, Group, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { useState } from "react";
import type { Provider } from "@/shared/api/integrations";
import { useListing } from "@/shared/listing";
import { useProviders } from "@/shared/providers";
import { Empty } from "@/shared/ui/Empty";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { Filter } from "@/shared/ui/Filter";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import classes from "@/shared/ui/Cards.module.css";

/** The catalog, to choose from. */
export function ProviderPicker({ onPick }: { onPick: (id: string) => void }) {
  const [search, setSearch] = useState<string>();
  const [category, setCategory] = useState<string>();
  const [mode, setMode] = useState<string>();
  const everything = useProviders();
  const list = useListing<Provider>("/providers", { search, category, mode }, { limit: null });
  const categories = [...new Set(everything.rows.flatMap(({ categories }) => categories))].sort();
  return (
    <Stack>
      <Toolbar>
        <Search value={search} onChange={setSearch} label="Search the catalog" />
        <Filter label="Category" value={category} options={categories} onChange={setCategory} />
        <Filter
          label="Direction"
          value={mode}
          options={[
            { value: "pull", label: "Pull" },
            { value: "push", label: "Push" },
          ]}
          onChange={setMode}
        />
      </Toolbar>
      <Problem error={list.error} retry={list.retry} />
      {list.pending && <Skeleton height={240} />}
      {!list.pending && !list.error && list.rows.length === 0 && (
        <Empty
          icon={IconSearchOff}
          title="Not in the catalog"
          action={
            <Button variant="default" onClick={() => onPick("rest")}>
              Use REST instead
            </Button>
          }
        >
          Any HTTP API can be used through REST or GraphQL, any sender of webhooks through Webhook.
        </Empty>
      )}
      <ul className={classes.grid}>
        {list.rows.map((provider) => (
          <li key={provider.id}>
            <UnstyledButton className={classes.card} onClick={() => onPick(provider.id)}>
              <Group gap="sm" wrap="nowrap" align="flex-start">
                <ProviderIcon provider={provider.id} size={32} />
                <div className="min0">
                  <Text fw={600} size="sm">
                    {provider.name}
                  </Text>
                  <Text size="xs" className="dim" lineClamp={2}>
                    {provider.summary}
                  </Text>
                  <Group gap={4} mt={5}>
                    {provider.modes.map((mode) => (
                      <Badge key={mode} size="xs" variant="outline" color="gray" c="var(--dim)">
                        {mode}
                      </Badge>
                    ))}
                  </Group>
                </div>
              </Group>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {list.more && (
        <Center>
          <Button variant="subtle" size="xs" onClick={list.loadMore} loading={list.loadingMore}>
            Load more
          </Button>
        </Center>
      )}
    </Stack>
  );
}
