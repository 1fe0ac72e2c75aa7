//! What a key may do. The first seventeen names are those of the API that clients already know; the
//! rest belong to the house's own nouns. `admin:full` includes all.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// One permission.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Scope {
            $($(#[$doc])* $name,)*
        }

        impl Scope {
            /// Every scope there is, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// Read reports.
    ReportsRead = "reports:read";
    /// Change reports.
    ReportsWrite = "reports:write";
    /// Run reports.
    ReportsExecute = "reports:execute";
    /// Export reports.
    ReportsExport = "reports:export";
    /// Schedule reports.
    ReportsSchedule = "reports:schedule";
    /// Read contacts.
    ContactsRead = "contacts:read";
    /// Change contacts.
    ContactsWrite = "contacts:write";
    /// Read tickets.
    TicketsRead = "tickets:read";
    /// Change tickets.
    TicketsWrite = "tickets:write";
    /// Comment on tickets.
    TicketsComment = "tickets:comment";
    /// Resolve tickets.
    TicketsResolve = "tickets:resolve";
    /// Read agents.
    AgentsRead = "agents:read";
    /// Change agents.
    AgentsWrite = "agents:write";
    /// Manage outgoing webhooks.
    WebhooksManage = "webhooks:manage";
    /// Read integrations, the catalog, request logs.
    IntegrationsRead = "integrations:read";
    /// Change and test integrations.
    IntegrationsWrite = "integrations:write";
    /// Everything.
    AdminFull = "admin:full";
    /// See which credentials exist, never what they hold.
    CredentialsRead = "credentials:read";
    /// Store, change and rotate credentials.
    CredentialsWrite = "credentials:write";
    /// Read connections, their health, and tasks.
    ConnectionsRead = "connections:read";
    /// Connect, refresh, test and disconnect accounts.
    ConnectionsWrite = "connections:write";
    /// Read metrics and KPIs.
    MetricsRead = "metrics:read";
    /// Start a synchronisation of metrics.
    MetricsWrite = "metrics:write";
    /// Read feeds, their versions and live changes.
    FeedsRead = "feeds:read";
    /// Change and refresh feeds.
    FeedsWrite = "feeds:write";
    /// Fetch once through an integration.
    FetchExecute = "fetch:execute";
    /// Read widgets and their data.
    WidgetsRead = "widgets:read";
    /// Change widgets, their configs and players.
    WidgetsWrite = "widgets:write";
    /// Read accepted pushes.
    InboundRead = "inbound:read";
    /// Replay accepted pushes.
    InboundWrite = "inbound:write";
    /// Run the actions of integrations.
    ActionsExecute = "actions:execute";
    /// Read workflows and their executions.
    WorkflowsRead = "workflows:read";
    /// Change workflows.
    WorkflowsWrite = "workflows:write";
    /// Execute workflows, answer what they ask, cancel and retry executions.
    WorkflowsExecute = "workflows:execute";
    /// Read events, audit entries, status and usage.
    EventsRead = "events:read";
    /// Emit events of one's own.
    EventsWrite = "events:write";
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|scope| scope.name() == text);
        known.copied().ok_or_else(|| format!("there is no scope named {text}"))
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(u64);

impl ScopeSet {
    /// Whether it allows `scope`, by itself or through `admin:full`.
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0 || self.0 & (1 << Scope::AdminFull as u8) != 0
    }

    /// Adds one.
    pub const fn insert(&mut self, scope: Scope) {
        self.0 |= 1 << scope as u8;
    }

    /// What is in it, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.0 & (1 << *scope as u8) != 0)
    }

    /// Whether everything in `other` is allowed by this.
    pub fn covers(self, other: Self) -> bool {
        other.iter().all(|scope| self.allows(scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::default();
        scopes.into_iter().for_each(|scope| set.insert(scope));
        set
    }
}
