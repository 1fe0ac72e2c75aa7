import { Center, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Door.module.css";

/** The page in front of the house, with the form that opens it. */
export function Door({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <main className={classes.door}>
      <Center mih="100dvh" p="md">
        <Paper className={classes.card} p="xl" w="100%" maw={420}>
          <Stack>
            <div className={classes.jacks} aria-hidden>
              <svg viewBox="0 0 360 54">
                {[20, 84, 148, 212, 276, 340].map((x) => (
                  <circle key={x} cx={x} cy={16} r={9} className={classes.jack} />
                ))}
                <path d="M20 16c0 40 128 40 128 0" className={classes.cord} />
                <path d="M212 16c0 34 64 34 64 0" className={classes.cord} />
              </svg>
            </div>
            <div>
              <Title order={1} size="h2">
                {title}
              </Title>
              <Text size="sm" className="dim" mt={4}>
                {lead}
              </Text>
            </div>
            {children}
          </Stack>
        </Paper>
      </Center>
    </main>
  );
}
