import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { api, ApiError, caller } from "@/shared/api/client";
import type { Session } from "@/shared/api/session";
import { newQueryClient } from "./App";
import { Gate } from "./Gate";

const session: Session = {
  user: { id: "usr_1", email: "ada@example.org", name: "Ada", instance_owner: true },
  workspaces: [
    { id: "ws_1", name: "First", slug: "first", role: "owner" },
    { id: "ws_2", name: "Second", slug: "second", role: "viewer" },
  ],
  csrf_token: "token",
};
const refused = new ApiError(401, "auth.unauthenticated", "No session", undefined);

/** A server that knows a session, or does not, and has nothing else to show. */
function serve(answers: { session: Session | null; setup?: boolean }) {
  vi.spyOn(api, "get").mockImplementation(async (path: string) => {
    if (path === "/session") {
      if (!answers.session) throw refused;
      return answers.session as never;
    }
    if (path === "/setup") return { needed: answers.setup ?? false } as never;
    if (path === "/graph") return { nodes: [], edges: [] } as never;
    if (path === "/status") return { integrations: [], totals: {}, throughput: [] } as never;
    return { data: [], next_cursor: null } as never;
  });
  vi.spyOn(api, "post").mockImplementation(async () => {
    answers.session = session;
    return session as never;
  });
}

function open() {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={newQueryClient()}>
        <Gate />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return userEvent.setup();
}

beforeEach(() => {
  localStorage.clear();
  // The stream of events stays silent.
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  window.scrollTo = () => {};
});

it("asks for an owner on the first visit", async () => {
  serve({ session: null, setup: true });
  open();
  expect(await screen.findByRole("heading", { name: "Set up Patchbay" })).toBeVisible();
});

it("lets in who logs in, and says who asks from then on", async () => {
  serve({ session: null });
  const user = open();
  await user.type(await screen.findByLabelText(/E-mail/), "ada@example.org");
  await user.type(screen.getByLabelText(/^Password/), "correct horse battery");
  await user.click(screen.getByRole("button", { name: "Log in" }));
  expect(await screen.findByRole("heading", { name: "Patch bay" }, { timeout: 5_000 })).toBeVisible();
  expect(caller).toMatchObject({ csrf: "token", workspace: "ws_1" });
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("token");
});

it("asks again when the session has ended", async () => {
  serve({ session });
  open();
  await screen.findByRole("heading", { name: "Patch bay" }, { timeout: 5_000 });
  act(() => caller.expired());
  expect(await screen.findByText(/Your session has ended/)).toBeVisible();
  expect(screen.queryByRole("heading", { name: "Patch bay" })).toBeNull();
});

it("goes back to the workspace that was chosen last", async () => {
  localStorage.setItem("patchbay-workspace", "ws_2");
  serve({ session });
  open();
  expect(await screen.findByRole("button", { name: "Workspace Second" }, { timeout: 5_000 })).toBeVisible();
});
