import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { useAct } from "@/shared/act";
import { sessions, type Session } from "@/shared/api/session";
import { Problem } from "@/shared/ui/Problem";
import { Door } from "./Door";

/** The first visit: who owns this instance, and its first workspace. */
export default function SetUp({ enter }: { enter: (session: Session) => void }) {
  const [owner, setOwner] = useState({ email: "", password: "", workspace: "", name: "" });
  const setUp = useAct(sessions.setUp, { done: enter });
  useEffect(() => {
    document.title = "Set up · Patchbay";
  }, []);
  const field = (name: keyof typeof owner) => ({
    value: owner[name],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setOwner((before) => ({ ...before, [name]: value }));
    },
    error: setUp.errors.find(({ pointer }) => pointer === `/${name}`)?.message,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void setUp.run({ ...owner, name: owner.name || undefined });
  };
  return (
    <Door
      title="Set up Patchbay"
      lead="This is the first visit. Say who owns this instance; others can be invited later."
    >
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Your e-mail"
            type="email"
            required
            autoComplete="username"
            autoFocus
            {...field("email")}
          />
          <TextInput label="Your name" autoComplete="name" {...field("name")} />
          <PasswordInput
            label="Password"
            description="At least 12 characters. There is no way to mail you a new one."
            required
            minLength={12}
            autoComplete="new-password"
            {...field("password")}
          />
          <TextInput
            label="Workspace"
            description="What you build for, such as the name of your team"
            required
            {...field("workspace")}
          />
          <Problem error={setUp.error} />
          <Button type="submit" loading={setUp.busy} fullWidth>
            Set up
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
