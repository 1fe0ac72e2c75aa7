import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Integration } from "@/shared/api/integrations";
import { CopyField } from "@/shared/ui/CopyField";
import { Section } from "@/shared/ui/Page";

/** Where the provider sends browsers back to, and the way to the accounts behind the integration. */
export function OAuthSetup({ integration: { id, provider, redirect_uri } }: { integration: Integration }) {
  if (!redirect_uri) return null;
  return (
    <Section title="Accounts">
      <Stack className="box" gap="sm">
        <Text size="sm">Register this redirect URI with the app:</Text>
        <CopyField value={redirect_uri} label="Copy the redirect URI" />
        <Text size="sm">
          <Anchor component={Link} to={`/connections?connect=${provider}&integration=${id}`} size="sm">
            Connect an account
          </Anchor>
          {" · "}
          <Anchor component={Link} to={`/connections?integration_id=${id}`} size="sm">
            Its accounts
          </Anchor>
        </Text>
      </Stack>
    </Section>
  );
}
