import { Code, Stack, Tabs, Text } from "@mantine/core";
import type { Webhook } from "@/shared/api/webhooks";
import { CopyField, CopyIcon, OneTime } from "@/shared/ui/CopyField";
import { Section } from "@/shared/ui/Page";
import classes from "./Keys.module.css";
import { samplesOf } from "./samples";

/** What its receiver checks with: the secret while it can be seen, or the public key; and how. */
export function Keys({ webhook }: { webhook: Webhook }) {
  return (
    <Stack>
      {webhook.secret && <OneTime value={webhook.secret} what="the secret" />}
      {webhook.public_key && (
        <Section title="Public key">
          <CopyField value={webhook.public_key} label="Copy the public key" />
        </Section>
      )}
      <Samples webhook={webhook} />
    </Stack>
  );
}

/** How a receiver makes sure that a request is ours. */
function Samples({ webhook }: { webhook: Webhook }) {
  const samples = samplesOf(webhook);
  return (
    <Section title="How to check a request">
      <Text size="sm" className="dim" mb={6}>
        Every request carries <span className="mono">webhook-id</span>,{" "}
        <span className="mono">webhook-timestamp</span> and <span className="mono">webhook-signature</span>,
        as Standard Webhooks has them. Check the body as it came, before it is parsed.
      </Text>
      <Tabs defaultValue={samples[0]!.language} keepMounted={false}>
        <Tabs.List>
          {samples.map(({ language }) => (
            <Tabs.Tab key={language} value={language}>
              {language}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {samples.map(({ language, code }) => (
          <Tabs.Panel key={language} value={language} className={classes.sample}>
            <Code block tabIndex={0}>
              {code}
            </Code>
            <span className={classes.copy}>
              <CopyIcon value={code} label={`Copy the ${language} code`} />
            </span>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Section>
  );
}
