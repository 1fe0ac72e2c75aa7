import { AppShell, Burger, Button, Group, Kbd, Tooltip, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconPlugConnected, IconPlugConnectedX, IconSearch } from "@tabler/icons-react";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useStream } from "@/shared/live";
import { Bell } from "./Bell";
import { rooms } from "./rooms";
import classes from "./Shell.module.css";
import { Tasks } from "./Tasks";
import { ThemeMenu, UserMenu, WorkspaceMenu } from "./menus";

const palette = () => import("./CommandPalette");
const CommandPalette = lazy(palette);

export function Shell() {
  const [rail, { toggle, close }] = useDisclosure();
  const [searching, { open: openPalette, close: closePalette }] = useDisclosure();
  const live = useStream();
  useHotkeys([["mod+K", openPalette]], []);
  useRoomKeys();
  // Fetched once the page stands, so that what is typed right after Ctrl K is not lost.
  useEffect(() => void palette(), []);
  return (
    <>
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell
        layout="alt"
        header={{ height: 52 }}
        navbar={{ width: 196, breakpoint: "sm", collapsed: { mobile: !rail } }}
        padding={{ base: "sm", sm: "lg" }}
      >
        <AppShell.Header className={classes.header}>
          <Group h="100%" px={{ base: "xs", sm: "lg" }} justify="space-between" wrap="nowrap" gap="xs">
            <Group gap={6} wrap="nowrap" className="min0">
              <Burger opened={rail} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
              <WorkspaceMenu />
            </Group>
            <Group gap={4} wrap="nowrap">
              <Button
                variant="default"
                size="xs"
                onClick={openPalette}
                leftSection={<IconSearch size={14} />}
                rightSection={<Kbd size="xs">Ctrl K</Kbd>}
                className={classes.search}
                visibleFrom="sm"
              >
                Search and commands
              </Button>
              <UnstyledButton
                onClick={openPalette}
                hiddenFrom="sm"
                aria-label="Search and commands"
                className={classes.icon}
              >
                <IconSearch size={18} />
              </UnstyledButton>
              <LiveMark live={live} />
              <Tasks />
              <Bell />
              <ThemeMenu />
              <UserMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes.rail} aria-label="Rooms">
          <Link to="/" className={classes.brand} onClick={close}>
            <img src="/favicon.svg" alt="" width={24} height={24} />
            Patchbay
            <Burger
              opened
              onClick={(event) => (event.preventDefault(), close())}
              hiddenFrom="sm"
              size="sm"
              color="#fff"
              ml="auto"
              aria-label="Close the menu"
            />
          </Link>
          <ul className={classes.rooms}>
            {rooms.map(({ to, label, icon: Mark }) => (
              <li key={to}>
                <Link
                  to={to}
                  className={classes.room}
                  activeOptions={{ exact: to === "/", includeSearch: false }}
                  activeProps={{ "aria-current": "page" }}
                  onClick={close}
                >
                  <Mark size={18} stroke={1.6} aria-hidden />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </AppShell.Navbar>
        <AppShell.Main id="main" className={classes.main}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      {searching && (
        <Suspense>
          <CommandPalette close={closePalette} />
        </Suspense>
      )}
    </>
  );
}

function LiveMark({ live }: { live: boolean }) {
  const Mark = live ? IconPlugConnected : IconPlugConnectedX;
  const label = live ? "Live: changes appear by themselves" : "Not live: reconnecting";
  return (
    <Tooltip label={label}>
      <span className={classes.live} data-live={live} role="status" aria-label={label}>
        <Mark size={17} stroke={1.7} />
      </span>
    </Tooltip>
  );
}

/** `g` and then the letter of a room. */
function useRoomKeys() {
  const navigate = useNavigate();
  const pressed = useRef(-Infinity);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const busy = (event.target as Element).closest(
        "input,textarea,select,[contenteditable=true],[role=dialog]",
      );
      if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "g") pressed.current = event.timeStamp;
      else if (event.timeStamp - pressed.current < 1_000) {
        const room = rooms.find(({ key }) => key === event.key);
        pressed.current = -Infinity;
        if (room) void navigate({ to: room.to });
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
}
