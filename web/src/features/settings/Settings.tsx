import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, type ComponentType, type LazyExoticComponent } from "react";
import { instance } from "@/shared/api/instance";
import { Page } from "@/shared/ui/Page";
import { UrlTabs } from "@/shared/ui/UrlTabs";

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
  const about = useQuery({ queryKey: ["instance"], queryFn: instance.get });
  const shown = tabs.filter(([name]) => name !== "demo" || about.data?.demo);
  return (
    <Page title="Settings">
      <UrlTabs
        clear={{ search: undefined, sort: undefined, add: undefined }}
        tabs={shown.map(([value, label, Content]) => ({
          value,
          label,
          panel: (
            <Suspense fallback={null}>
              <Content />
            </Suspense>
          ),
        }))}
      />
    </Page>
  );
}
