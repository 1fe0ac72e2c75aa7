//! The authorize page: checks what an app asks for, lets a person (or the control, or `auto` in the
//! query) decide, and sends the browser back. What is wrong with the app or its callback stays on the
//! page; the rest goes back to the app (RFC 6749, 4.1.2.1).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::{Url, form_urlencoded};

use super::ask::{Ask, Fields};
use super::book::Agreement;
use super::style::{ClientAuth, Offline};
use super::{Consent, Platform, lock, page};
use crate::Service;

/// What the app asks for.
struct Wish {
    client: String,
    redirect_uri: Url,
    /// As it was written; the exchange must repeat it to the letter.
    redirect_text: String,
    state: Option<String>,
    scopes: Vec<String>,
    challenge: Option<(String, bool)>,
    access_type: bool,
    prompts: bool,
}

pub(super) fn serve(platform: &Platform, ask: &Ask) -> Response {
    let posted = ask.method == "POST";
    let raw = if posted { ask.form.get("request") } else { Some(&ask.raw_query) };
    let raw = raw.map(String::as_str).unwrap_or_default();
    let asked: Fields = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let wish = match Wish::read(platform, &asked) {
        Ok(wish) => wish,
        Err(message) => return page::refused(platform, message),
    };
    if let Err((error, why)) = wish.check(platform, &asked) {
        return wish.back(&[("error", error), ("error_description", why)]);
    }
    let verdict = match posted {
        true => Some(decision(&ask.form)),
        false => auto(&asked).or_else(|| lock(&platform.consent).clone()),
    };
    match verdict {
        Some(verdict) => wish.decide(platform, &verdict, ask),
        None => {
            let request = [("request", raw)];
            page::consent(platform, &wish.client, &request, &wish.scopes).into_response()
        }
    }
}

/// What the form of the page says.
pub(super) fn decision(form: &Fields) -> Consent {
    let granted = form.get("granted").map(String::as_str).unwrap_or_default();
    Consent {
        allow: form.get("decision").is_some_and(|decision| decision == "allow"),
        account: form.get("account").cloned(),
        scopes: Some(granted.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect()),
    }
}

/// `auto=allow|deny`, with `account` and `granted` (a list with commas) if wanted.
pub(super) fn auto(query: &Fields) -> Option<Consent> {
    let allow = match query.get("auto")?.as_str() {
        "allow" => true,
        "deny" => false,
        _ => return None,
    };
    let granted = query.get("granted");
    let scopes = granted.map(|list| list.split(',').map(str::to_owned).collect());
    Some(Consent { allow, account: query.get("account").cloned(), scopes })
}

/// The scopes of a parameter, as the platform separates them.
pub(super) fn scopes(platform: &Platform, text: &str) -> Vec<String> {
    let separates = |c: char| match platform.style.service {
        Service::Facebook => c == ' ' || c == ',',
        _ => platform.style.separator.contains(c),
    };
    text.split(separates).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// What is granted of what was asked for.
pub(super) fn granted(asked: &[String], verdict: &Consent) -> Vec<String> {
    let chosen =
        |scope: &&String| verdict.scopes.as_ref().is_none_or(|chosen| chosen.contains(scope));
    asked.iter().filter(chosen).cloned().collect()
}

impl Wish {
    fn read(platform: &Platform, asked: &Fields) -> Result<Self, &'static str> {
        let id_name = match platform.style.client_auth {
            ClientAuth::PostKey => "client_key",
            _ => "client_id",
        };
        let client = asked.get(id_name).cloned().ok_or("The app does not say who it is.")?;
        let text = asked.get("redirect_uri").ok_or("The app does not say where to return to.")?;
        let redirect_uri =
            Url::parse(text).map_err(|_| "The place to return to is not an address.")?;
        let book = platform.book();
        let known = book.clients.get(&client).ok_or("No app has this id.")?;
        if !known.redirect_uris.is_empty() && !known.redirect_uris.contains(text) {
            return Err("The place to return to is not one that the app has registered.");
        }
        if !matches!(redirect_uri.scheme(), "http" | "https") || redirect_uri.fragment().is_some() {
            return Err("The place to return to is not a web address.");
        }
        let by_hash = asked.get("code_challenge_method").is_some_and(|method| method == "S256");
        let prompt = asked.get("prompt").map(String::as_str).unwrap_or_default();
        Ok(Self {
            client,
            redirect_uri,
            redirect_text: text.clone(),
            state: asked.get("state").cloned(),
            scopes: scopes(platform, asked.get("scope").map_or("", String::as_str)),
            challenge: asked.get("code_challenge").map(|challenge| (challenge.clone(), by_hash)),
            access_type: asked.get("access_type").is_some_and(|kind| kind == "offline"),
            prompts: prompt.split(' ').any(|word| word == "consent"),
        })
    }

    fn check(
        &self,
        platform: &Platform,
        asked: &Fields,
    ) -> Result<(), (&'static str, &'static str)> {
        if asked.get("response_type").is_none_or(|kind| kind != "code") {
            return Err(("unsupported_response_type", "The response type is code."));
        }
        if platform.style.pkce_required && self.challenge.is_none() {
            return Err(("invalid_request", "A code_challenge is required."));
        }
        let known = platform.style.scopes;
        let unknown = |scope: &String| !known.contains(&scope.as_str());
        // A platform without scopes takes no notice of them.
        if !known.is_empty() && self.scopes.iter().any(unknown) {
            return Err(("invalid_scope", "A scope is not known."));
        }
        if platform.style.service == Service::X && asked.get("state").is_some_and(|s| s.len() > 500)
        {
            return Err(("invalid_request", "The state is longer than 500 characters."));
        }
        Ok(())
    }

    fn decide(&self, platform: &Platform, verdict: &Consent, ask: &Ask) -> Response {
        let mut book = platform.book();
        let style = platform.style;
        if !verdict.allow {
            book.counters.denied += 1;
            let mut fields = vec![
                ("error", "access_denied"),
                ("error_description", "The person has refused access."),
            ];
            if style.service == Service::Facebook {
                fields.extend([("error_code", "200"), ("error_reason", "user_denied")]);
            }
            if style.says_issuer {
                fields.push(("iss", &platform.url));
            }
            return self.back(&fields);
        }
        let account = verdict.account.as_deref().unwrap_or(super::artist::HANDLES[0]).to_owned();
        let scopes = granted(&self.scopes, verdict);
        let offline = match style.offline {
            Offline::Always => true,
            Offline::Never => false,
            Offline::Scope(scope) => scopes.iter().any(|granted| granted == scope),
            Offline::AccessType => {
                self.access_type && (self.prompts || !book.is_offline(&self.client, &account))
            }
        };
        let said = scopes.join(style.separator);
        let agreement = Agreement {
            client: self.client.clone(),
            account,
            scopes,
            redirect_uri: self.redirect_text.clone(),
            challenge: self.challenge.clone(),
            offline,
        };
        let code = book.agree(agreement, ask.now);
        let mut fields = vec![("code", code.as_str())];
        match style.service {
            Service::Youtube => fields.push(("scope", &said)),
            Service::Tiktok => fields.push(("scopes", &said)),
            _ => {}
        }
        if style.says_issuer {
            fields.push(("iss", &platform.url));
        }
        self.back(&fields)
    }

    /// Sends the browser back with these fields and the state.
    fn back(&self, fields: &[(&str, &str)]) -> Response {
        let mut to = self.redirect_uri.clone();
        to.query_pairs_mut()
            .extend_pairs(fields)
            .extend_pairs(self.state.iter().map(|state| ("state", state)));
        (StatusCode::FOUND, [(header::LOCATION, to.to_string())]).into_response()
    }
}
