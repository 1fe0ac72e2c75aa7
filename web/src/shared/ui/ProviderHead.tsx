import { Anchor, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Provider } from "../api/integrations";
import { ProviderIcon } from "./ProviderIcon";

/** Which service a form is about. */
export function ProviderHead({ provider, children }: { provider: Provider; children?: ReactNode }) {
  return (
    <Group wrap="nowrap" align="flex-start">
      <ProviderIcon provider={provider.id} size={38} />
      <div>
        <Text fw={600}>{provider.name}</Text>
        <Text size="sm" className="dim">
          {provider.summary}{" "}
          {provider.docs && (
            <Anchor href={provider.docs} target="_blank" rel="noreferrer" size="sm">
              Its documentation
            </Anchor>
          )}
        </Text>
        {children}
      </div>
    </Group>
  );
}
