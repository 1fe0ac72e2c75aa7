import { Button, Skeleton, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import type { Connection } from "@/shared/api/connections";
import { useListing, useUrlState } from "@/shared/listing";
import { useProviders } from "@/shared/providers";
import { plural } from "@/shared/text";
import { Section } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { ProviderIcon } from "@/shared/ui/ProviderIcon";
import classes from "./Connections.module.css";
import { platformsOf } from "./platforms";

/** What is shown before somebody asks for all. */
const FEW = 10;

/** The services that accounts can be connected of; a press begins to connect one. */
export function Platforms({ may }: { may: boolean }) {
  const [{ all }, setUrl] = useUrlState();
  const providers = useProviders();
  const connected = useListing<Connection>("/connections", {}, { limit: 200 });
  const platforms = platformsOf(providers.rows, connected.rows);
  const shown = all ? platforms : platforms.slice(0, FEW);
  const Mark = all ? IconChevronUp : IconChevronDown;
  return (
    <Section
      title="Platforms"
      aside={
        platforms.length > FEW && (
          <Button
            size="compact-xs"
            variant="subtle"
            rightSection={<Mark size={14} />}
            aria-expanded={!!all}
            onClick={() => setUrl({ all: all ? undefined : "1" })}
          >
            {all ? "Fewer" : `All ${platforms.length}`}
          </Button>
        )
      }
    >
      <Problem error={providers.error} retry={providers.retry} />
      {providers.pending && <Skeleton height={120} />}
      <ul className={classes.tiles}>
        {shown.map(({ provider, connected: amount }) => (
          <li key={provider.id}>
            <UnstyledButton
              className={classes.tile}
              onClick={() => setUrl({ connect: provider.id })}
              disabled={!may}
            >
              <ProviderIcon provider={provider.id} size={32} />
              <span className="min0">
                <span className={classes.name}>{provider.name}</span>
                <span className={classes.count} data-some={amount > 0}>
                  {amount > 0 ? `${plural(amount, "account")}${connected.more ? " or more" : ""}` : "Connect"}
                </span>
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </Section>
  );
}
