// Every page of the dashboard and its address. A page is loaded when it is first opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from "@tanstack/react-router";
import { Button } from "@mantine/core";
import { IconRouteOff } from "@tabler/icons-react";
import { Empty } from "@/shared/ui/Empty";
import { Page } from "@/shared/ui/Page";
import { Problem } from "@/shared/ui/Problem";
import { Shell } from "./Shell";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search) => search,
});

const page = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const routes = [
  page(
    "/",
    lazyRouteComponent(() => import("@/features/home/Home")),
  ),
  page(
    "/integrations",
    lazyRouteComponent(() => import("@/features/integrations/Integrations")),
  ),
  page(
    "/integrations/$id",
    lazyRouteComponent(() => import("@/features/integrations/IntegrationPage")),
  ),
  page(
    "/connections",
    lazyRouteComponent(() => import("@/features/connections/Connections")),
  ),
  page(
    "/connections/$id",
    lazyRouteComponent(() => import("@/features/connections/ConnectionPage")),
  ),
  page(
    "/subjects/$subject",
    lazyRouteComponent(() => import("@/features/subjects/SubjectPage")),
  ),
  page(
    "/tasks",
    lazyRouteComponent(() => import("@/features/tasks/TasksPage")),
  ),
  page(
    "/feeds",
    lazyRouteComponent(() => import("@/features/feeds/Feeds")),
  ),
  page(
    "/feeds/$id",
    lazyRouteComponent(() => import("@/features/feeds/FeedPage")),
  ),
  page(
    "/widgets",
    lazyRouteComponent(() => import("@/features/widgets/Widgets")),
  ),
  page(
    "/widgets/$id",
    lazyRouteComponent(() => import("@/features/widgets/WidgetPage")),
  ),
  page(
    "/webhooks",
    lazyRouteComponent(() => import("@/features/webhooks/Webhooks")),
  ),
  page(
    "/webhooks/$id",
    lazyRouteComponent(() => import("@/features/webhooks/WebhookPage")),
  ),
  page(
    "/workflows",
    lazyRouteComponent(() => import("@/features/workflows/Workflows")),
  ),
  page(
    "/workflows/$id",
    lazyRouteComponent(() => import("@/features/workflows/WorkflowPage")),
  ),
  page(
    "/executions",
    lazyRouteComponent(() => import("@/features/workflows/Executions")),
  ),
  page(
    "/executions/$id",
    lazyRouteComponent(() => import("@/features/workflows/RunPage")),
  ),
  page(
    "/catalog",
    lazyRouteComponent(() => import("@/features/catalog/Catalog")),
  ),
  page(
    "/inbox",
    lazyRouteComponent(() => import("@/features/inbox/Inbox")),
  ),
  page(
    "/status",
    lazyRouteComponent(() => import("@/features/status/StatusPage")),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("@/features/settings/Settings")),
  ),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: "intent",
  // Plain text both ways: `?search=123` is a word that somebody looked for, not a number.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text && `?${text}`;
  },
  defaultErrorComponent: ({ error, reset }) => <Problem error={error as Error} retry={reset} />,
  scrollRestoration: true,
});

function NotFound() {
  return (
    <Page title="There is no such page">
      <div className="box">
        <Empty
          icon={IconRouteOff}
          title="Nothing stands at this address"
          action={
            <Button component={Link} to="/">
              Go to the patch bay
            </Button>
          }
        />
      </div>
    </Page>
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
