import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { nameOf } from "@/shared/account";
import { useAct } from "@/shared/act";
import type { Connection } from "@/shared/api/connections";
import { insight, type Candidate } from "@/shared/api/insight";
import { count, percent } from "@/shared/text";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import classes from "./ConnectionPage.module.css";

/** Which artist of the platform an account stands for. A person says so; nobody is chosen by guessing. */
export function Artist({ connection }: { connection: Connection }) {
  const [name, setName] = useState(connection.subject || nameOf(connection));
  const [found, setFound] = useState<Candidate[] | null>(null);
  const search = useAct(() => insight.candidates(connection.id, name.trim() || undefined), {
    done: ({ data }) => setFound(data),
  });
  const choose = useAct((id: string) => insight.chooseArtist(connection.id, id), {
    stale: ["connections", "metrics"],
    say: "The artist is kept, and the numbers are read.",
    done: () => setFound(null),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void search.run();
  };
  return (
    <Section title="Artist">
      <Stack className="box" gap="sm" component="form" onSubmit={submit}>
        <Text size="sm" className="dim">
          Say which artist of the platform this account stands for, and the artist’s numbers are read.
        </Text>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            size="sm"
            label="Name of the artist"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            leftSection={<IconSearch size={15} />}
            loading={search.busy}
          >
            Find
          </Button>
        </Group>
        <Problem error={search.error ?? choose.error} />
        {found?.length === 0 && <Text size="sm">The platform knows nobody by that name.</Text>}
        {found && found.length > 0 && (
          <ul className={classes.candidates} aria-label="Who may be meant">
            {found.map((candidate) => (
              <li key={candidate.id}>
                <span className="min0">
                  <span className="break">
                    {candidate.url ? (
                      <a href={candidate.url} target="_blank" rel="noreferrer">
                        {candidate.name}
                      </a>
                    ) : (
                      candidate.name
                    )}
                  </span>
                  <Text size="xs" className="dim">
                    {percent(candidate.score)} alike
                    {candidate.followers !== null && ` · ${count(candidate.followers)} followers`}
                  </Text>
                </span>
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={choose.busy}
                  onClick={() => void choose.run(candidate.id)}
                  aria-label={`Choose ${candidate.name}`}
                >
                  Choose
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Stack>
    </Section>
  );
}
