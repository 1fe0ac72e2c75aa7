//! The middleware that finds out who is asking. It refuses nobody: what it found lies in the request's
//! extensions, and each route says with [`super::Caller`] whether it is enough.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method};
use kernel::{Problem, Timestamp, WorkspaceId, codes};
use std::net::IpAddr;
use std::sync::Arc;
use vault::TokenHash;

use super::caller::unauthenticated;
use super::{Actor, Identity, client_addr, not_found};
use crate::Accounts;
use crate::keys::KeyEntry;
use crate::sessions::SessionEntry;

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "patchbay_session";
/// The cookie in which a browser keeps its choice of workspace, for what cannot send headers (event
/// streams, sockets).
pub const WORKSPACE_COOKIE: &str = "patchbay_workspace";
/// Players' tokens are known to the room that reads for them.
const PLAYER_PREFIX: &str = "pl_";
const CSRF_HEADER: &str = "x-patchbay-csrf";
const WORKSPACE_HEADER: &str = "x-patchbay-workspace";

/// Where the request came from, for routes that ask before anybody is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemoteAddr(pub(crate) Option<IpAddr>);

/// Puts `Result<Arc<Identity>, Problem>` into the request's extensions.
pub async fn authenticate(
    State(accounts): State<Accounts>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let remote_addr = client_addr(&parts, accounts.trusted_proxies());
    parts.extensions.insert(RemoteAddr(remote_addr));
    let identity = identify(&accounts, &mut parts, remote_addr).await;
    parts.extensions.insert(identity.map(Arc::new));
    // For streams, which ask again.
    parts.extensions.insert(accounts);
    next.run(Request::from_parts(parts, body)).await
}

/// Finds out who sent a request with these parts, and leaves what they showed in its extensions.
pub(super) async fn identify(
    accounts: &Accounts,
    parts: &mut Parts,
    remote_addr: Option<IpAddr>,
) -> Result<Identity, Problem> {
    if let Some(token) = bearer(&parts.headers) {
        if token.starts_with(PLAYER_PREFIX) {
            return Err(unauthenticated());
        }
        let key = accounts.find_key(TokenHash::of(token)).await?.ok_or_else(unauthenticated)?;
        let identity = of_key(accounts, &key, remote_addr)?;
        parts.extensions.insert(key);
        return Ok(identity);
    }
    let token = cookie(&parts.headers, SESSION_COOKIE).ok_or_else(unauthenticated)?;
    let session = accounts.session(token).await?.ok_or_else(unauthenticated)?;
    check_csrf(parts, &session, accounts.0.config.public_url.as_deref())?;
    parts.extensions.insert(session.clone());
    of_session(accounts, parts, &session, remote_addr)
}

/// When what was shown ends by itself, if it does.
pub(super) fn expires_at(parts: &Parts) -> Option<Timestamp> {
    match parts.extensions.get::<Arc<SessionEntry>>() {
        Some(session) => Some(session.expires_at),
        None => parts.extensions.get::<Arc<KeyEntry>>()?.expires_at,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok().map(str::trim);
    }
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn of_key(
    accounts: &Accounts,
    key: &KeyEntry,
    remote_addr: Option<IpAddr>,
) -> Result<Identity, Problem> {
    if !key.enabled {
        let detail = "Switch the key on again, or use another.";
        return Err(Problem::new(&codes::KEY_DISABLED, detail));
    }
    if let Some(at) = key.expires_at.filter(|at| *at <= accounts.now()) {
        let detail = format!("It expired at {at}; make a new one.");
        return Err(Problem::new(&codes::KEY_EXPIRED, detail));
    }
    Ok(Identity {
        workspace: accounts.db().workspace(key.workspace),
        actor: Actor::Key(key.id),
        scopes: key.scopes,
        role: None,
        instance_owner: key.instance_owner,
        remote_addr,
    })
}

fn of_session(
    accounts: &Accounts,
    parts: &Parts,
    session: &SessionEntry,
    remote_addr: Option<IpAddr>,
) -> Result<Identity, Problem> {
    let header = parts.headers.get(WORKSPACE_HEADER).map(|it| it.to_str().unwrap_or_default());
    let chosen = header.or_else(|| cookie(&parts.headers, WORKSPACE_COOKIE));
    let known = |text: &str| {
        let id = text.parse::<WorkspaceId>().ok()?;
        session.memberships.iter().find(|it| it.workspace == id)
    };
    let membership = match (header, chosen.and_then(known)) {
        (_, Some(membership)) => membership,
        (Some(_), None) => {
            return Err(Problem::new(&codes::NOT_FOUND, "You are in no workspace of that id."));
        }
        // A stale cookie is no reason to refuse.
        (None, None) => session.memberships.first().ok_or_else(|| not_found("membership"))?,
    };
    Ok(Identity {
        workspace: accounts.db().workspace(membership.workspace),
        actor: Actor::User(session.user),
        scopes: membership.role.scopes(),
        role: Some(membership.role),
        instance_owner: session.instance_owner,
        remote_addr,
    })
}

/// A cookie of a request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A browser sends the cookie along with what other pages ask for, too. They cannot read the token of
/// `GET /api/v1/session`, and the browser says where they are from.
fn check_csrf(
    parts: &Parts,
    session: &SessionEntry,
    public_url: Option<&str>,
) -> Result<(), Problem> {
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe && !parts.headers.contains_key(UPGRADE) {
        return Ok(());
    }
    check_origin(&parts.headers, public_url)?;
    // SHA-256 of both: the comparison tells nothing about how much of it was right.
    let given = parts.headers.get(CSRF_HEADER).map(|it| TokenHash::of(it.to_str().unwrap_or("")));
    if is_safe || given == Some(TokenHash::of(&session.csrf_token)) {
        return Ok(());
    }
    let detail = "Send the csrf_token of /api/v1/session as the header X-Patchbay-CSRF.";
    Err(Problem::new(&codes::CSRF, detail))
}

/// Refuses what another site's page sent.
pub(crate) fn check_origin(headers: &HeaderMap, public_url: Option<&str>) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|it: &http::HeaderValue| it.to_str().ok());
    let foreign = || Problem::new(&codes::CSRF, "It was sent from a page of another site.");
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(foreign());
    }
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().map_err(|_| foreign())?;
    let authority = origin.split_once("://").map(|(_, rest)| rest);
    let is_host = authority.is_some() && authority == text(HOST.as_str());
    let is_public = public_url.is_some_and(|url| url.trim_end_matches('/') == origin);
    if is_host || is_public { Ok(()) } else { Err(foreign()) }
}
