import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { IconLockOpen } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Integration, Provider } from "@/shared/api/integrations";
import { CopyField } from "@/shared/ui/CopyField";
import { Section } from "@/shared/ui/Page";

/** A step as the catalog writes it: what stands between backticks is code. */
const Marked = ({ text }: { text: string }) =>
  text.split("`").map((part, index) =>
    index % 2 ? (
      <code key={index} className="mono break">
        {part}
      </code>
    ) : (
      part
    ),
  );

/** The address that the other side pushes to, and what to do with it. */
export function WebhookSetup({ integration, provider }: { integration: Integration; provider?: Provider }) {
  const push = integration.push_config;
  const scheme =
    provider?.push_schemes.find(({ name }) => name === push?.scheme) ?? provider?.push_schemes[0];
  const sender = provider && provider.id !== "webhook" ? provider.name : "the sending service";
  const usual = [
    `In ${sender}, open the settings for webhooks and add one.`,
    "Paste the address from above, and choose JSON as the format where it asks.",
    ...(push?.unsigned
      ? []
      : [`Enter the same secret there as in the credential here${scheme ? ` (${scheme.title})` : ""}.`]),
    "Send a test event. It appears in the inbox at once.",
  ];
  const address = integration.webhook_url ?? "the address";
  const steps = provider?.push_setup.length
    ? provider.push_setup.map((step) => step.replaceAll("{webhook_url}", address))
    : usual;
  return (
    <Section title="Webhook">
      <Stack className="box" gap="sm">
        {push?.unsigned && (
          <Alert color="red" icon={<IconLockOpen size={18} />} title="Unsigned">
            Pushes are taken from anybody who knows the address. Change the settings to ask for a signature.
          </Alert>
        )}
        {integration.webhook_url ? (
          <CopyField value={integration.webhook_url} label="Copy the address" />
        ) : (
          <Text size="sm" className="dim">
            The address is made with the first feed. Add one, and it is shown here and on the feed.
          </Text>
        )}
        <ol className="plain">
          {steps.map((step) => (
            <li key={step}>
              <Marked text={step} />
            </li>
          ))}
        </ol>
        <Text size="sm">
          <Anchor component={Link} to={`/inbox?integration_id=${integration.id}`} size="sm">
            What has arrived
          </Anchor>
          {provider?.docs && (
            <>
              {" · "}
              <Anchor href={provider.docs} target="_blank" rel="noreferrer" size="sm">
                {provider.name}’s documentation
              </Anchor>
            </>
          )}
        </Text>
      </Stack>
    </Section>
  );
}
