//! What every room speaks: typed ids, secrets that cannot be printed, the clock, scopes, events, jobs
//! and problems. It does no I/O of its own and knows no room.

mod clock;
mod code;
mod entropy;
mod event;
mod id;
mod job;
mod mask;
mod page;
mod problem;
mod scope;
mod secret;
mod trace;

pub use clock::{Clock, Timestamp};
pub use code::{Code, codes};
pub use entropy::Entropy;
pub use event::Event;
pub use id::{
    ApiKeyId, AuditId, ConnectLinkId, ConnectionId, CredentialId, DeliveryId, EventId, ExecutionId,
    FeedId, InboundId, IntegrationId, InvalidId, JobId, MemberId, NotificationId, OAuthStateId,
    PlayerId, RequestLogId, SessionId, SubscriptionId, SyncId, TaskId, UserId, WebhookId,
    WidgetConfigId, WidgetId, WorkflowId, WorkspaceId,
};
pub use job::{JobKind, Lane, NewJob};
pub use mask::{MASK, looks_secret};
pub use page::{Page, PageRequest};
pub use problem::{FieldError, Problem};
pub use scope::{Scope, ScopeSet};
pub use secret::Secret;
pub use trace::Trace;
