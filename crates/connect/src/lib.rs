//! Integrations and their credentials: what a workspace uses an outside service for, and with which
//! secrets.
//!
//! It promises that a secret is stored sealed, is never answered, and is audited when it is used; and
//! that a request it prepares goes where the integration says and nowhere else. It relies on `catalog`
//! for how each provider works and on `egress` to send. It never sends on its own but to test an
//! integration, and it knows nothing of feeds: when an integration changes or goes, a job says so
//! ([`CHANGED`]), and a room above follows.

mod access;
mod act;
mod aliases;
mod api;
mod ask;
mod body;
mod cache;
mod connection;
mod credential;
mod errand;
mod expiry;
mod home;
mod integration;
mod listing;
mod masking;
mod oauth;
mod prepare;
mod prepared;
mod pull;
mod push;
mod query;
mod quota;
mod refresh;
mod schemas;
mod service;
mod spec;
mod store;
mod todo;
mod trial;
mod uses;
mod write;

pub use access::Whose;
pub use act::Deed;
pub use api::{CredentialView, open_routes, routes};
pub use ask::Question;
pub use connection::{AccountInfo, Cause, Connection, ConnectionStatus};
pub use credential::{Credential, CredentialOwner, CredentialState, Credentials};
pub use errand::{Errand, FOLLOW_PUSHES, Farewell};
pub use integration::{CredentialScope, Integration, Mode};
pub use listing::CredentialNote;
pub use oauth::authorize::{Begun, ConnectDraft};
pub use oauth::check::ConnectionTest;
pub use prepared::Prepared;
pub use pull::PullConfig;
pub use push::{ApiKeyPlace, Apply, PushConfig, SourceList};
pub use query::{CONNECTED, Query};
pub use quota::own::Quota;
pub use quota::share::Share;
pub use service::Connect;
pub use spec::{data_source_view, widget_integration_view};
pub use store::integrations::{Filter as IntegrationFilter, Listed};
pub use store::request_logs::{RequestLog, RequestLogs};
pub use todo::Todo;
pub use trial::{TestReport, TestStep};
pub use write::{
    CHANGED, CredentialChange, CredentialDraft, IntegrationChanged, IntegrationDraft,
    IntegrationPatch,
};
