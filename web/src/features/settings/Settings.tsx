import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, type ComponentType, type LazyExoticComponent } from "react";
import { instance } from "@/shared/api/instance";
import { useUrlState } from "@/shared/listing";
import { Page } from "@/shared/ui/Page";

type Tab = [name: string, title: string, component: LazyExoticComponent<ComponentType>];

const tabs: Tab[] = [
  ["integrations", "Integrations", lazy(() => import("./IntegrationsTab"))],
  ["keys", "API keys", lazy(() => import("./KeysTab"))],
  ["members", "Members", lazy(() => import("./MembersTab"))],
  ["credentials", "Credentials", lazy(() => import("./CredentialsTab"))],
  ["security", "Security", lazy(() => import("./SecurityTab"))],
  ["workspace", "Workspace", lazy(() => import("./WorkspaceTab"))],
  ["demo", "Demo", lazy(() => import("./DemoTab"))],
  ["about", "About", lazy(() => import("./AboutTab"))],
];

export default function Settings() {
  const [url, setUrl] = useUrlState();
  const about = useQuery({ queryKey: ["instance"], queryFn: instance.get });
  const shown = tabs.filter(([name]) => name !== "demo" || about.data?.demo);
  const tab = shown.some(([name]) => name === url.tab) ? url.tab! : "integrations";
  return (
    <Page title="Settings">
      <Tabs
        value={tab}
        onChange={(next) =>
          setUrl({ tab: next ?? undefined, search: undefined, sort: undefined, add: undefined })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {shown.map(([name, title]) => (
            <Tabs.Tab key={name} value={name}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown.map(([name, , Content]) => (
          <Tabs.Panel key={name} value={name}>
            <Suspense fallback={null}>
              <Content />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
