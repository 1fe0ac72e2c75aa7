//! Whether `oauth.yaml` holds together, and reads the token answers that were recorded.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Linter, finding, stray};
use crate::catalog::Folder;
use crate::oauth::{Answer, ClientAuth, Grant, Granted, OAuth, Pkce, RefreshModel, Refused};
use crate::provider::{AuthKind, Provider};
use crate::schema;

/// The names that `{{token.…}}` has.
pub(super) fn tokens(provider: &Provider) -> impl Iterator<Item = &str> {
    provider.oauth.iter().flat_map(|oauth| {
        let found = oauth.discover.iter().flat_map(|discover| discover.secrets.keys());
        let told = oauth.answer.secrets.keys().chain(found).map(String::as_str);
        let brought = oauth.session.iter().map(|session| session.token_name.as_str());
        ["access_token", "refresh_token"].into_iter().chain(told).chain(brought)
    })
}

/// The names that `{{connection.…}}` has.
pub(super) fn captured(provider: &Provider) -> impl Iterator<Item = &str> {
    let connect = provider.oauth.iter().flat_map(|oauth| {
        let found = oauth.discover.iter().flat_map(|discover| discover.capture.keys());
        oauth.capture.keys().chain(found)
    });
    let asked = provider.metrics.iter().flat_map(|metrics| {
        let artist = metrics.artist.iter().map(|artist| &artist.captured_as);
        metrics.calls.values().flat_map(|call| call.capture.keys()).chain(artist)
    });
    ["account_id", "account_name"].into_iter().chain(connect.chain(asked).map(String::as_str))
}

impl Linter<'_> {
    pub(super) fn oauth(&mut self, id: &str, folder: &Folder) {
        let uses = self.provider.auth.iter().any(|auth| auth.kind == AuthKind::OAuth2);
        let Some(oauth) = &self.provider.oauth else {
            if uses {
                self.report("/auth", "`oauth2` needs an `oauth.yaml`");
            }
            return;
        };
        let mut own = self.beside(format!("providers/{id}/oauth.yaml"));
        own.grants(oauth);
        own.client(oauth);
        own.grant_templates(oauth);
        own.grant_programs(oauth);
        own.token_samples(oauth, &format!("providers/{id}/samples/token/"), folder);
    }

    /// What each grant needs is there.
    fn grants(&mut self, oauth: &OAuth) {
        for grant in &oauth.grants {
            let needs: &[(&str, bool)] = match grant {
                Grant::AuthorizationCode => &[
                    ("authorize_url", oauth.authorize_url.is_some()),
                    ("token_url", oauth.token_url.is_some()),
                ],
                Grant::ClientCredentials => &[("token_url", oauth.token_url.is_some())],
                Grant::DeviceCode => &[
                    ("device_url", oauth.device_url.is_some()),
                    ("token_url", oauth.token_url.is_some()),
                ],
                Grant::JwtBearer => {
                    &[("token_url", oauth.token_url.is_some()), ("mint", oauth.mint.is_some())]
                }
                Grant::OAuth1 => &[("oauth1", oauth.oauth1.is_some())],
                Grant::SignedSession => &[("session", oauth.session.is_some())],
                Grant::Minted => &[("mint", oauth.mint.is_some())],
            };
            for (name, _) in needs.iter().filter(|(_, there)| !there) {
                self.report("/grants", format!("{grant:?} needs `{name}`"));
            }
        }
        let own = [Grant::ClientCredentials, Grant::JwtBearer, Grant::Minted];
        match oauth.refresh.model {
            RefreshModel::Extending if oauth.refresh.request.is_none() => {
                self.report("/refresh", "`extending` needs the `request` that extends");
            }
            RefreshModel::ClientCredentials
                if !own.iter().any(|one| oauth.grants.contains(one)) =>
            {
                self.report(
                    "/refresh/model",
                    "`client_credentials` needs a grant of the app's own",
                );
            }
            _ => {}
        }
        for grant in oauth.scopes.by_grant.keys().filter(|it| !oauth.grants.contains(it)) {
            self.report("/scopes/by_grant", format!("{grant:?} is not among the grants"));
        }
        for scope in oauth.scopes.by_grant.values().flatten().chain(&oauth.scopes.default) {
            if scope.contains(&oauth.scopes.separator) {
                self.report("/scopes", format!("{scope:?} holds the separator"));
            }
        }
        if let Some(second) = &oauth.scopes.second
            && !schema::fields(&self.provider.config).any(|(name, _)| *name == second.name)
        {
            self.report("/scopes/second", format!("`config.{}` is not declared", second.name));
        }
    }

    /// How the app is known can be filled in.
    fn client(&mut self, oauth: &OAuth) {
        let known =
            |name: &str| schema::fields(&self.provider.credentials).any(|(it, _)| it == name);
        let person =
            [Grant::AuthorizationCode, Grant::DeviceCode, Grant::OAuth1, Grant::SignedSession];
        let (auth, by_person) =
            (oauth.client.auth, person.iter().any(|it| oauth.grants.contains(it)));
        let app = by_person || oauth.grants.contains(&Grant::ClientCredentials);
        let secret = !matches!(auth, ClientAuth::None | ClientAuth::ClientAssertion);
        let mut wrong = Vec::new();
        if app && !known("client_id") {
            wrong.push("the credentials need a `client_id`");
        }
        if app && secret && !known("client_secret") {
            wrong.push("the credentials need a `client_secret`");
        }
        if auth == ClientAuth::ClientAssertion && oauth.mint.is_none() {
            wrong.push("`client_assertion` needs `mint`");
        }
        if auth == ClientAuth::None && by_person && oauth.pkce == Pkce::None {
            wrong.push("an app without a secret needs PKCE");
        }
        wrong.into_iter().for_each(|message| self.report("/client", message));
    }

    fn grant_templates(&mut self, oauth: &OAuth) {
        let oauth1 = oauth
            .oauth1
            .iter()
            .flat_map(|it| [&it.request_token_url, &it.authorize_url, &it.access_token_url]);
        let addresses = [&oauth.authorize_url, &oauth.token_url, &oauth.device_url, &oauth.issuer];
        let addresses = addresses.into_iter().flatten().chain(oauth1);
        for text in addresses.chain(oauth.session.iter().map(|session| &session.authorize_url)) {
            if !text.starts_with("https://") && !text.starts_with("{{") {
                self.report("", format!("`{text}` must begin with https:// or a value"));
            }
            self.template("", text);
        }
        for (pointer, map) in [
            ("/authorize_params", &oauth.authorize_params),
            ("/token_params", &oauth.token_params),
            ("/client/headers", &oauth.client.headers),
            ("/refresh/params", &oauth.refresh.params),
        ] {
            self.values(pointer, map.values());
        }
        if let Some(mint) = &oauth.mint {
            self.template("/mint/key", &mint.key);
            self.values("/mint", mint.header.values().chain(mint.claims.values()));
        }
        if let Some(session) = &oauth.session {
            self.template("/session/secret", &session.secret);
        }
        let calls = [
            ("/exchange", oauth.exchange.as_ref()),
            ("/refresh/request", oauth.refresh.request.as_ref()),
            (
                "/account/request",
                oauth.account.as_ref().and_then(|account| account.request.as_ref()),
            ),
            ("/revoke/request", oauth.revoke.as_ref().map(|revoke| &revoke.request)),
            ("/session/request", oauth.session.as_ref().map(|session| &session.request)),
            ("/oauth1/revoke", oauth.oauth1.as_ref().and_then(|oauth1| oauth1.revoke.as_ref())),
        ];
        let found = oauth.discover.iter().map(|discover| ("/discover", Some(&discover.request)));
        for (pointer, request) in calls.into_iter().chain(found) {
            request.into_iter().for_each(|request| self.request(pointer, request));
        }
    }

    fn grant_programs(&mut self, oauth: &OAuth) {
        let answer = &oauth.answer;
        let fixed = [
            &answer.access_token,
            &answer.refresh_token,
            &answer.expires_in,
            &answer.refresh_expires_in,
            &answer.scope,
            &answer.error,
            &answer.error_description,
        ];
        let told = fixed.into_iter().chain(&answer.success).chain(answer.secrets.values());
        told.for_each(|program| self.gathered("/answer", program));
        oauth.capture.values().for_each(|program| self.gathered("/capture", program));
        for discover in &oauth.discover {
            let programs = discover.capture.values().chain(discover.secrets.values());
            programs.for_each(|program| self.program("/discover", program));
        }
        if let Some(account) = &oauth.account {
            let programs = [Some(&account.id), account.name.as_ref(), account.more.as_ref()];
            programs.into_iter().flatten().for_each(|program| self.program("/account", program));
        }
        for (pointer, program) in [("/expired", &oauth.expired), ("/revoked", &oauth.revoked)] {
            program.iter().for_each(|program| self.program(pointer, program));
        }
    }

    /// Each recorded token answer is read as expected, also with fields that nobody knows yet.
    fn token_samples(&mut self, oauth: &OAuth, folder_name: &str, folder: &Folder) {
        let samples = match folder.json::<TokenSample>(folder_name) {
            Ok(samples) => samples,
            Err(error) => return self.findings.push(finding(error.file(), "", &error.to_string())),
        };
        let mut granted = oauth.grants.as_slice() == [Grant::Minted];
        for (file, sample) in samples {
            for answer in [&sample.answer, &stray::with_more(&sample.answer)] {
                let read = Answer::read(oauth, sample.status, answer);
                granted |= read.is_ok();
                let read = shown(read);
                if read != sample.expect {
                    let message = format!("the outcome is not what is expected, but {read}");
                    self.findings.push(finding(file, "/expect", &message));
                    break;
                }
            }
        }
        if !granted {
            self.report("", "needs a token answer that grants in `samples/token/`");
        }
    }
}

/// A recorded token answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenSample {
    #[serde(default = "ok")]
    status: u16,
    answer: Value,
    expect: Value,
}

const fn ok() -> u16 {
    200
}

/// What was read, as a sample writes it: what is absent is left out.
fn shown(read: Result<Granted, Refused>) -> Value {
    let mut shown = match read {
        Ok(granted) => json!({
            "access_token": granted.access_token.expose(),
            "refresh_token": granted.refresh_token.as_ref().map(|token| token.expose().as_str()),
            "expires_in": granted.expires_in,
            "refresh_expires_in": granted.refresh_expires_in,
            "scopes": granted.scopes,
            "secrets": some(granted.secrets),
            "capture": some(granted.capture),
        }),
        Err(refused) => json!({
            "error": refused.error,
            "error_description": refused.description,
            "is_invalid_grant": refused.is_invalid_grant.then_some(true),
        }),
    };
    if let Value::Object(map) = &mut shown {
        map.retain(|_, value| !value.is_null());
    }
    shown
}

fn some(map: Map<String, Value>) -> Option<Map<String, Value>> {
    (!map.is_empty()).then_some(map)
}
