import { Button, Stack, Text, Title } from "@mantine/core";
import { IconApi, IconRss, IconWebhook, type Icon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/shared/me";
import classes from "./Home.module.css";

const steps: { provider: string; icon: Icon; title: string; text: string; verb: string }[] = [
  {
    provider: "rss",
    icon: IconRss,
    title: "Follow a feed",
    text: "RSS, Atom or JSON Feed: paste an address, and its entries are kept fresh.",
    verb: "Add a feed address",
  },
  {
    provider: "rest",
    icon: IconApi,
    title: "Pull from an API",
    text: "Any REST or GraphQL API, with your key kept encrypted and out of the browser.",
    verb: "Add an API",
  },
  {
    provider: "webhook",
    icon: IconWebhook,
    title: "Take webhooks",
    text: "An address of your own that checks signatures and loses nothing it has accepted.",
    verb: "Add a webhook",
  },
];

/** The first visit: three ways to plug in the first cable. */
export function FirstSteps() {
  const may = useMay("admin");
  return (
    <Stack>
      <Text maw={640}>
        Nothing is plugged in yet. Sources will stand on the left, what reads them on the right, and cables
        between. {may ? "Begin with one of these:" : "An admin of this workspace can add the first source."}
      </Text>
      <div className={classes.steps}>
        {steps.map(({ provider, icon: Mark, title, text, verb }) => (
          <div key={provider} className={`box ${classes.step}`}>
            <div>
              <Mark size={28} stroke={1.4} aria-hidden />
              <Title order={2} size="h4" mt={6}>
                {title}
              </Title>
              <Text size="sm" className="dim" mt={4}>
                {text}
              </Text>
            </div>
            {may && (
              <Button
                component={Link}
                to={`/integrations?add=1&provider=${provider}`}
                variant={provider === "rss" ? "filled" : "default"}
              >
                {verb}
              </Button>
            )}
          </div>
        ))}
      </div>
    </Stack>
  );
}
