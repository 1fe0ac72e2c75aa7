//! Microsoft: the login for one tenant, and as much of Graph as is asked for: who it is, what stands in the
//! calendar, and subscriptions to changes, which are in [`super::super::graph`].

use serde_json::{Value, json};

use crate::Service;
use crate::platforms::artist::noon;
use crate::platforms::call::Visit;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, route};

pub(super) const STYLE: Style = Style {
    service: Service::Microsoft,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Post,
    grants: &["authorization_code", "refresh_token"],
    pkce_required: false,
    separator: " ",
    scopes: &["offline_access", "User.Read", "Mail.Read", "Calendars.Read", "Files.Read"],
    offline: Offline::Scope("offline_access"),
    refresh_answer: RefreshAnswer::Always,
    rules: TokenRules {
        model: Model::Stable,
        code_secs: 600,
        access_secs: 3_599,
        refresh_secs: Some(7_776_000),
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 10_000, window: Window::Secs(600), per_account: false, per_call: false },
    drift: "subject",
};

const ROUTES: &[Route] = &[
    route("*", "/{}/oauth2/v2.0/authorize", Act::Authorize),
    route("POST", "/{}/oauth2/v2.0/token", Act::Token),
    route("*", "/subscriptions", Act::Graph),
    route("*", "/subscriptions/{}", Act::Graph),
    call("GET", "/me", &["User.Read"], me),
    call("GET", "/me/events", &["Calendars.Read"], events),
];

fn me(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let mail = format!("{}@example.com", visit.artist.handle);
    Ok(json!({
        "id": visit.id(), "displayName": visit.artist.name, "mail": mail, "userPrincipalName": mail,
    }))
}

/// Each work is a release party.
fn events(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let works = visit.artist.works(visit.today).into_iter().take(10);
    let event = |work: crate::platforms::artist::Work| {
        let at = json!({"dateTime": noon(work.day, "%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"});
        json!({
            "id": visit.artist.work_letters(STYLE.service, &work, 20), "subject": work.title,
            "start": at, "end": at,
        })
    };
    Ok(json!({"value": works.map(event).collect::<Vec<_>>()}))
}
