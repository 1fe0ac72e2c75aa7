//! The form of the tables in `api/`: what a platform does in its own way.

use axum::response::Response;
use serde_json::Value;

use super::Platform;
use super::ask::Ask;
use super::call::Visit;
use super::quota::Quota;
use super::refusal::Refusal;
use super::rules::TokenRules;
use crate::Service;

/// How a platform grants access and limits its use.
#[derive(Debug)]
pub(super) struct Style {
    pub(super) service: Service,
    pub(super) routes: &'static [Route],
    pub(super) client_auth: ClientAuth,
    /// The same where the app asks for a token of its own.
    pub(super) app_auth: ClientAuth,
    /// The grant types of the token endpoint.
    pub(super) grants: &'static [&'static str],
    /// Whether a code without a challenge is refused.
    pub(super) pkce_required: bool,
    /// What stands between two scopes.
    pub(super) separator: &'static str,
    pub(super) scopes: &'static [&'static str],
    pub(super) offline: Offline,
    pub(super) refresh_answer: RefreshAnswer,
    pub(super) rules: TokenRules,
    /// The word before the token in `Authorization`.
    pub(super) scheme: &'static str,
    /// Whether the callback says who answers (RFC 9207).
    pub(super) says_issuer: bool,
    pub(super) quota: Quota,
    /// The field that the drift faults remove or rename.
    pub(super) drift: &'static str,
}

/// How the app proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// HTTP Basic.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Post,
    /// `client_key` and `client_secret` in the body.
    PostKey,
    /// Basic or in the body.
    Either,
}

/// When a refresh token is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offline {
    Always,
    Never,
    /// When this scope is granted.
    Scope(&'static str),
    /// Google's way: `access_type=offline`, the first time or with `prompt=consent`.
    AccessType,
}

/// Whether the answer to a refresh holds a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshAnswer {
    Always,
    Never,
    /// Each third refresh brings a new one; the others bring none.
    Sometimes,
}

/// A path and what it does. `{}` in a path stands for one segment.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) act: Act,
}

/// What a path does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// The page where people agree.
    Authorize,
    /// The token endpoint.
    Token,
    /// The page where people enter the code of a device.
    Device,
    /// Something of this platform alone.
    Special(fn(&Platform, &Ask) -> Response),
    /// The app's callbacks for pushes.
    Webhook,
    /// The PubSubHubbub hub.
    Hub,
    /// Graph's subscriptions.
    Graph,
    /// A call of the API.
    Call(Call),
}

/// A call of the API, answered when token, scope and quota allow it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Any one of these is enough; none: no scope is needed.
    pub(super) scopes: &'static [&'static str],
    /// Whether a person's token is needed, or an app's own will do.
    pub(super) person: bool,
    /// What it costs of the quota.
    pub(super) cost: u32,
    /// How many a window allows of this call alone, where the platform counts so.
    pub(super) limit: Option<u32>,
    pub(super) answer: fn(&Visit<'_>) -> Result<Value, Refusal>,
}

pub(super) const fn route(method: &'static str, path: &'static str, act: Act) -> Route {
    Route { method, path, act }
}

/// A call that a person's token opens.
pub(super) const fn call(
    method: &'static str,
    path: &'static str,
    scopes: &'static [&'static str],
    answer: fn(&Visit<'_>) -> Result<Value, Refusal>,
) -> Route {
    let call = Call { scopes, person: true, cost: 1, limit: None, answer };
    Route { method, path, act: Act::Call(call) }
}

/// A call that an app's own token opens, too.
pub(super) const fn open_call(
    path: &'static str,
    answer: fn(&Visit<'_>) -> Result<Value, Refusal>,
) -> Route {
    let call = Call { scopes: &[], person: false, cost: 1, limit: None, answer };
    Route { method: "GET", path, act: Act::Call(call) }
}

impl Route {
    /// The same with a limit of its own.
    pub(super) const fn limit(self, limit: u32) -> Self {
        match self.act {
            Act::Call(call) => Self { act: Act::Call(Call { limit: Some(limit), ..call }), ..self },
            _ => self,
        }
    }

    /// The same at this cost.
    pub(super) const fn cost(self, cost: u32) -> Self {
        match self.act {
            Act::Call(call) => Self { act: Act::Call(Call { cost, ..call }), ..self },
            _ => self,
        }
    }
}
