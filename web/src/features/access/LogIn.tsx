import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { useAct } from "@/shared/act";
import { sessions, type Session } from "@/shared/api/session";
import { Problem } from "@/shared/ui/Problem";
import { Door } from "./Door";

export default function LogIn({ enter, expired }: { enter: (session: Session) => void; expired: boolean }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const logIn = useAct(sessions.logIn, { done: enter });
  useEffect(() => {
    document.title = "Log in · Patchbay";
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void logIn.run(email, password);
  };
  return (
    <Door title="Log in" lead="Where outside services meet what you build.">
      <form onSubmit={submit}>
        <Stack>
          {expired && !logIn.error && (
            <Alert color="cord">Your session has ended. Log in to go on where you were.</Alert>
          )}
          <TextInput
            label="E-mail"
            type="email"
            required
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoFocus
          />
          <PasswordInput
            label="Password"
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Problem error={logIn.error} />
          <Button type="submit" loading={logIn.busy} fullWidth>
            Log in
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
