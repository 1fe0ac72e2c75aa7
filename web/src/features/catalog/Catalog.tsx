import { Anchor, Badge, Button, Group, Skeleton, Text } from "@mantine/core";
import { IconBook2, IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ConnectorType } from "@/shared/api/actions";
import { useConnectors, useConnectorTypes } from "@/shared/connectors";
import { useUrlState } from "@/shared/listing";
import { useMay } from "@/shared/me";
import { plural } from "@/shared/text";
import { ActionList } from "@/shared/ui/ActionList";
import { Empty, NothingFits } from "@/shared/ui/Empty";
import { Filter } from "@/shared/ui/Filter";
import { Page } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import { Search, Toolbar } from "@/shared/ui/Toolbar";
import classes from "@/shared/ui/Cards.module.css";
import { fitting } from "./fitting";

/** What services can do, to be looked through and tried. */
export default function Catalog() {
  const [url, setUrl] = useUrlState();
  const types = useConnectorTypes();
  const chosen = types.rows.find(({ type }) => type === url.service);
  if (chosen) return <OneService type={chosen} />;
  return <All types={types} search={url.search} category={url.category} set={setUrl} />;
}

function All({
  types,
  search,
  category,
  set,
}: {
  types: ReturnType<typeof useConnectorTypes>;
  search?: string;
  category?: string;
  set: (change: Record<string, string | undefined>) => void;
}) {
  const shown = fitting(types.rows, { search, category });
  const categories = [...new Set(types.rows.flatMap(({ categories }) => categories))].sort();
  const mine = useConnectors();
  return (
    <Page title="Catalog" lead="What services can do: each action with its schema, its examples and a try.">
      <Toolbar>
        <Search value={search} onChange={(search) => set({ search })} label="Search services and actions" />
        <Filter
          label="Category"
          value={category}
          options={categories}
          onChange={(category) => set({ category })}
        />
      </Toolbar>
      <Problem error={types.error} retry={types.retry} />
      {types.pending && <Skeleton height={300} />}
      {!types.pending && !types.error && shown.length === 0 && (
        <div className="box">
          {search || category ? (
            <NothingFits of="service" clear={() => set({ search: undefined, category: undefined })} />
          ) : (
            <Empty icon={IconBook2} title="No service can do anything yet" />
          )}
        </div>
      )}
      <ul className={classes.grid}>
        {shown.map((type) => {
          const count = mine.rows.filter((row) => row.type === type.type).length;
          return (
            <li key={type.type}>
              <Link to={`/catalog?service=${type.type}` as "/"} className={classes.card}>
                <Group gap="sm" wrap="nowrap" align="flex-start">
                  <ProviderIcon provider={type.type} size={34} />
                  <div className="min0">
                    <Text fw={600} size="sm">
                      {type.name}
                    </Text>
                    <Text size="xs" className="dim" lineClamp={2}>
                      {type.description}
                    </Text>
                    <Group gap={4} mt={6}>
                      <Badge size="xs" variant="outline" color="gray" c="var(--dim)" tt="none">
                        {plural(type.actions.length, "action")}
                      </Badge>
                      {count > 0 && (
                        <Badge size="xs" variant="outline" color="gray" c="var(--dim)" tt="none">
                          {plural(count, "integration")}
                        </Badge>
                      )}
                    </Group>
                  </div>
                </Group>
              </Link>
            </li>
          );
        })}
      </ul>
    </Page>
  );
}

function OneService({ type }: { type: ConnectorType }) {
  const may = useMay("admin");
  return (
    <Page
      title={type.name}
      back={{ to: "/catalog", label: "Catalog" }}
      mark={<ProviderIcon provider={type.type} size={40} />}
      lead={
        <>
          {type.description}{" "}
          {type.docs && (
            <Anchor href={type.docs} target="_blank" rel="noreferrer" size="sm">
              Its documentation
            </Anchor>
          )}
        </>
      }
      actions={
        may && (
          <Button
            component={Link}
            to={`/integrations?add=1&provider=${type.type}`}
            variant="default"
            leftSection={<IconPlus size={15} />}
          >
            Add integration
          </Button>
        )
      }
    >
      <ActionList type={type} />
    </Page>
  );
}
