//! A call of a platform's API: whose token it is, whether it may, whether the quota allows it, and the
//! answer, with drift if a fault says so.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::api::apple_music;
use super::artist::{Artist, HANDLES, day_of};
use super::ask::Ask;
use super::book::{Dead, Held, Kind};
use super::oauth1;
use super::quota::{self, Spent};
use super::refusal::{self, Refusal};
use super::style::Call;
use super::{Platform, lock};
use crate::Service;

/// What an answer is made from.
pub(super) struct Visit<'a> {
    pub(super) platform: &'a Platform,
    pub(super) ask: &'a Ask,
    pub(super) held: Held,
    /// Whose token it is; with an app's own the first account of the chooser.
    pub(super) artist: Artist,
    /// Today, in days since 1970.
    pub(super) today: i64,
}

pub(super) fn serve(platform: &Platform, ask: &Ask, call: Call) -> Response {
    let service = platform.style.service;
    let (visit, spent) = match admit(platform, ask, call) {
        Ok(admitted) => admitted,
        Err(refused) => return refusal::answer(service, &refused),
    };
    let result = match service {
        _ if !spent.over => (call.answer)(&visit),
        Service::Youtube => Err(Refusal::Spent),
        _ => Err(Refusal::Limited),
    };
    let mut response = match result {
        Ok(mut body) => {
            drift(&mut body, platform.style.drift, ask);
            Json(body).into_response()
        }
        Err(refused) => refusal::answer(service, &refused),
    };
    for (name, value) in quota::headers(service, &visit.id(), spent, ask.now) {
        refusal::put_header(&mut response, name, &value);
    }
    response
}

fn admit<'a>(
    platform: &'a Platform,
    ask: &'a Ask,
    call: Call,
) -> Result<(Visit<'a>, Spent), Refusal> {
    let held = match platform.style.service {
        Service::AppleMusic => apple_music::held(platform, ask, call.person)?,
        _ => held(platform, ask)?,
    };
    if call.person && held.account.is_none() {
        return Err(Refusal::NoPerson);
    }
    let account = held.account.as_deref().unwrap_or("app");
    *lock(&platform.requests).entry(account.to_owned()).or_default() += 1;
    let granted = |scope: &&str| held.scopes.iter().any(|granted| granted == scope);
    if let Some(needed) = call.scopes.first()
        && !call.scopes.iter().any(granted)
    {
        return Err(Refusal::Scope(needed));
    }
    // What is left of the path without the parameters tells one call from another.
    let words = ask.path.split('/').filter(|word| !ask.params.iter().any(|param| param == word));
    let name = words.collect::<Vec<_>>().join("/");
    let spent =
        lock(&platform.meter).spend((&held.client, account), &name, call.limit, call.cost, ask.now);
    let artist = platform.artist(held.account.as_deref().unwrap_or(HANDLES[0]));
    Ok((Visit { platform, ask, held, artist, today: day_of(ask.now) }, spent))
}

/// Whose token the request bears, in the header or, with Meta, in a field.
pub(super) fn held(platform: &Platform, ask: &Ask) -> Result<Held, Refusal> {
    let style = platform.style;
    if style.service == Service::X && oauth1::is_signed(ask) {
        return oauth1::held(platform, ask);
    }
    let meta = matches!(style.service, Service::Instagram | Service::Facebook);
    let field = ask.field("access_token").filter(|_| meta);
    let token = ask.bearer(style.scheme).or(field).ok_or(Refusal::NoToken)?;
    match token.split_once('|') {
        // Meta's app token is the app's id and secret.
        Some((id, secret)) if meta => {
            let known = platform.book().clients.get(id).is_some_and(|c| c.secret == secret);
            let held = Held {
                token: token.to_owned(),
                kind: Kind::Access,
                client: id.to_owned(),
                account: None,
                scopes: Vec::new(),
            };
            if known { Ok(held) } else { Err(Refusal::BadToken(Dead::Unknown)) }
        }
        _ => platform.book().held(token, ask.now).map_err(Refusal::BadToken),
    }
}

impl Visit<'_> {
    /// The own id in the platform's form.
    pub(super) fn id(&self) -> String {
        self.artist.id(self.platform.style.service)
    }

    /// Whether the token has this scope; the refusal otherwise.
    pub(super) fn needs(&self, scope: &'static str) -> Result<(), Refusal> {
        let granted = self.held.scopes.iter().any(|granted| granted == scope);
        if granted { Ok(()) } else { Err(Refusal::Scope(scope)) }
    }

    /// The artist with this id: the caller, or one of the chooser.
    pub(super) fn find(&self, id: &str) -> Result<Artist, Refusal> {
        let service = self.platform.style.service;
        self.artists().find(|artist| artist.id(service) == id).ok_or(Refusal::NotFound)
    }

    /// The artists whose names hold this text.
    pub(super) fn search(&self, text: &str) -> Vec<Artist> {
        let text = text.to_lowercase();
        self.artists().filter(|artist| artist.name.to_lowercase().contains(&text)).collect()
    }

    /// The caller, and those of the chooser.
    fn artists(&self) -> impl Iterator<Item = Artist> {
        let others = HANDLES.iter().filter(|handle| **handle != self.artist.handle);
        let others = others.map(|handle| self.platform.artist(handle));
        std::iter::once(self.artist.clone()).chain(others)
    }
}

/// Those fields of an object that were asked for, in that order; `always` come first.
pub(super) fn pick(from: &Value, always: &[&str], asked: &[&str]) -> Value {
    let mut picked = Map::new();
    for name in always.iter().chain(asked) {
        if let Some(value) = from.get(name) {
            picked.insert((*name).to_owned(), value.clone());
        }
    }
    Value::Object(picked)
}

fn drift(body: &mut Value, field: &str, ask: &Ask) {
    if !ask.faults.field_removed && !ask.faults.field_renamed {
        return;
    }
    match body {
        Value::Object(object) => {
            if let Some(value) = object.remove(field)
                && ask.faults.field_renamed
            {
                object.insert(format!("{field}_v2"), value);
            }
            object.values_mut().for_each(|value| drift(value, field, ask));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drift(item, field, ask)),
        _ => {}
    }
}
