//! `/api/v1/scopes`.

use kernel::Scope;
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::gate::{ApiJson, Caller, List, may};

/// The name of a scope, for the document.
pub(super) struct ScopeName;

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        let names = Scope::ALL.iter().map(|scope| scope.name());
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into())
    }
}

impl ToSchema for ScopeName {
    fn name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }
}

/// One permission.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "feeds:read", "title": "Feeds: read",
    "description": "Read feeds, their versions and live changes.", "group": "feeds"
}))]
pub(super) struct ScopeView {
    #[schema(value_type = ScopeName)]
    name: &'static str,
    title: String,
    description: &'static str,
    group: &'static str,
}

/// Every scope there is.
#[utoipa::path(
    get, path = "/api/v1/scopes", operation_id = "list_scopes", tag = "keys",
    responses((status = 200, description = "All of them, in groups.", body = List<ScopeView>)),
    security(("api_key" = []), ("session" = []))
)]
pub(super) async fn list(_: Caller<may::Any>) -> ApiJson<List<ScopeView>> {
    let view = |scope: &Scope| {
        let (group, verb) = scope.name().split_once(':').unwrap_or((scope.name(), ""));
        let (first, rest) = group.split_at(1);
        ScopeView {
            name: scope.name(),
            title: format!("{}{rest}: {verb}", first.to_ascii_uppercase()),
            description: describe(*scope),
            group,
        }
    };
    ApiJson(List { data: Scope::ALL.iter().map(view).collect(), next_cursor: None })
}

const fn describe(scope: Scope) -> &'static str {
    match scope {
        Scope::ReportsRead => "Read reports.",
        Scope::ReportsWrite => "Change reports.",
        Scope::ReportsExecute => "Run reports.",
        Scope::ReportsExport => "Export reports.",
        Scope::ReportsSchedule => "Schedule reports.",
        Scope::ContactsRead => "Read contacts.",
        Scope::ContactsWrite => "Change contacts.",
        Scope::TicketsRead => "Read tickets.",
        Scope::TicketsWrite => "Change tickets.",
        Scope::TicketsComment => "Comment on tickets.",
        Scope::TicketsResolve => "Resolve tickets.",
        Scope::AgentsRead => "Read agents.",
        Scope::AgentsWrite => "Change agents.",
        Scope::WebhooksManage => "Manage outgoing webhooks.",
        Scope::IntegrationsRead => "Read integrations, the catalog and request logs.",
        Scope::IntegrationsWrite => "Change and test integrations.",
        Scope::AdminFull => "Everything.",
        Scope::CredentialsRead => "See which credentials exist, never what they hold.",
        Scope::CredentialsWrite => "Store, change and rotate credentials.",
        Scope::ConnectionsRead => "Read connections, their health, and tasks.",
        Scope::ConnectionsWrite => "Connect, refresh, test and disconnect accounts.",
        Scope::MetricsRead => "Read metrics and KPIs.",
        Scope::MetricsWrite => "Start a synchronisation of metrics.",
        Scope::FeedsRead => "Read feeds, their versions and live changes.",
        Scope::FeedsWrite => "Change and refresh feeds.",
        Scope::FetchExecute => "Fetch once through an integration.",
        Scope::WidgetsRead => "Read widgets and their data.",
        Scope::WidgetsWrite => "Change widgets, their configs and players.",
        Scope::InboundRead => "Read accepted pushes.",
        Scope::InboundWrite => "Replay accepted pushes.",
        Scope::ActionsExecute => "Run the actions of integrations.",
        Scope::WorkflowsRead => "Read workflows and their executions.",
        Scope::WorkflowsWrite => "Change workflows.",
        Scope::WorkflowsExecute => {
            "Execute workflows, answer what they ask, cancel and retry executions."
        }
        Scope::EventsRead => "Read events, audit entries, status and usage.",
        Scope::EventsWrite => "Emit events of one's own.",
    }
}
