import { ActionIcon, Avatar, Button, Menu, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconCheck,
  IconChevronDown,
  IconDeviceDesktop,
  IconLock,
  IconLogout,
  IconMoon,
  IconPlus,
  IconSun,
} from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useMe } from "@/shared/me";

const NewWorkspace = lazy(() => import("./NewWorkspace"));
const ChangePassword = lazy(() => import("./ChangePassword"));

export function WorkspaceMenu() {
  const me = useMe();
  const [making, { open, close }] = useDisclosure();
  return (
    <>
      <Menu position="bottom-start" width={240}>
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            c="var(--mantine-color-text)"
            size="sm"
            px={8}
            rightSection={<IconChevronDown size={14} />}
            aria-label={`Workspace ${me.workspace.name}`}
            className="min0"
          >
            <span className="clip">{me.workspace.name}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Workspaces</Menu.Label>
          {me.workspaces.map(({ id, name, role }) => (
            <Menu.Item
              key={id}
              onClick={() => me.choose(id)}
              leftSection={id === me.workspace.id ? <IconCheck size={15} /> : <span style={{ width: 15 }} />}
            >
              {name}
              <Text size="xs" className="dim">
                {role}
              </Text>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={15} />} onClick={open}>
            New workspace
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {making && (
        <Suspense>
          <NewWorkspace close={close} />
        </Suspense>
      )}
    </>
  );
}

const schemes = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
] as const;

export function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Mark = schemes.find(({ value }) => value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Theme">
          <Mark size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            rightSection={value === colorScheme ? <IconCheck size={14} /> : null}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function UserMenu() {
  const { user, workspace, logOut } = useMe();
  const [changing, { open, close }] = useDisclosure();
  const shown = user.name || user.email;
  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <UnstyledButton aria-label={`Account of ${shown}`}>
            <Avatar size={28} radius="xl" color="gray" name={shown} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {user.email} · {workspace.role}
          </Menu.Label>
          <Menu.Item leftSection={<IconLock size={15} />} onClick={open}>
            Change password
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={15} />} onClick={logOut}>
            Log out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {changing && (
        <Suspense>
          <ChangePassword close={close} />
        </Suspense>
      )}
    </>
  );
}
