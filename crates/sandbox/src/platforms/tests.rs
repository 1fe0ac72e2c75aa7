//! The platforms from outside: over HTTP, as a broker meets them.

mod data;
mod faults;
mod flows;
mod pushes;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::probe::{Answer, Probe};
use crate::{Platform, Service};

const CALLBACK: &str = "http://127.0.0.1:9/callback?from=sandbox";
const VERIFIER: &str = "a-verifier-that-is-forty-three-characters-long";

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Where a platform has what, and how the app says who it is.
struct Paths {
    service: Service,
    authorize: &'static str,
    token: &'static str,
    whoami: &'static str,
    /// Where the answer has the id or the name of the account.
    id: &'static str,
    scopes: &'static str,
}

const PATHS: [Paths; 8] = [
    Paths {
        service: Service::Oauth,
        authorize: "/authorize",
        token: "/token",
        whoami: "/userinfo",
        id: "/sub",
        scopes: "profile read",
    },
    Paths {
        service: Service::Instagram,
        authorize: "/oauth/authorize",
        token: "/oauth/access_token",
        whoami: "/v23.0/me?fields=id,username",
        id: "/id",
        scopes: "instagram_business_basic,instagram_business_manage_insights",
    },
    Paths {
        service: Service::Facebook,
        authorize: "/v22.0/dialog/oauth",
        token: "/v22.0/oauth/access_token",
        whoami: "/v22.0/me/accounts",
        id: "/data/0/id",
        scopes: "pages_show_list,read_insights",
    },
    Paths {
        service: Service::Tiktok,
        authorize: "/v2/auth/authorize/",
        token: "/v2/oauth/token/",
        whoami: "/v2/user/info/?fields=open_id,display_name",
        id: "/data/user/open_id",
        scopes: "user.info.basic,video.list",
    },
    Paths {
        service: Service::X,
        authorize: "/i/oauth2/authorize",
        token: "/2/oauth2/token",
        whoami: "/2/users/me?user.fields=public_metrics",
        id: "/data/id",
        scopes: "tweet.read users.read offline.access",
    },
    Paths {
        service: Service::Youtube,
        authorize: "/o/oauth2/v2/auth",
        token: "/token",
        whoami: "/youtube/v3/channels?part=snippet,statistics&mine=true",
        id: "/items/0/id",
        scopes: "https://www.googleapis.com/auth/youtube.readonly",
    },
    Paths {
        service: Service::Spotify,
        authorize: "/authorize",
        token: "/api/token",
        whoami: "/v1/me",
        id: "/display_name",
        scopes: "user-read-private user-top-read",
    },
    Paths {
        service: Service::Soundcloud,
        authorize: "/authorize",
        token: "/oauth/token",
        whoami: "/me",
        id: "/urn",
        scopes: "",
    },
];

fn paths(service: Service) -> &'static Paths {
    PATHS.iter().find(|paths| paths.service == service).unwrap()
}

fn platform(probe: &Probe, service: Service) -> &Platform {
    probe.sandbox.platform(service).unwrap()
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The authorize URL of a well-made request, with more fields behind it.
fn authorize_path(probe: &Probe, service: Service, more: &[(&str, &str)]) -> String {
    let hash = digest::digest(&digest::SHA256, VERIFIER.as_bytes());
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(hash);
    let id_name = if service == Service::Tiktok { "client_key" } else { "client_id" };
    let mut fields = vec![
        (id_name, platform(probe, service).client_id()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("state", "a state"),
        ("scope", paths(service).scopes),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
    ];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    format!("{}?{}", paths(service).authorize, form(&fields))
}

/// The fields that come back to the app.
fn came_back(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let to = Url::parse(answer.header("location")).unwrap();
    assert!(to.as_str().starts_with("http://127.0.0.1:9/callback?from=sandbox&"), "{to}");
    to.query_pairs().into_owned().collect()
}

async fn code(probe: &Probe, service: Service, more: &[(&str, &str)]) -> String {
    let mut fields = vec![("auto", "allow"), ("account", "mina-sol")];
    fields.extend(more);
    let answer = probe.get(service, &authorize_path(probe, service, &fields), &[]).await;
    came_back(&answer)["code"].clone()
}

/// Asks the token endpoint, with the app's id and secret as the platform wants them.
async fn token(probe: &Probe, service: Service, fields: &[(&str, &str)]) -> Answer {
    let (headers, body) = token_request(probe, service, fields);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    probe.send("POST", service, paths(service).token, &headers, &body).await.unwrap()
}

fn token_request(
    probe: &Probe,
    service: Service,
    fields: &[(&str, &str)],
) -> (Vec<(&'static str, String)>, String) {
    let platform = platform(probe, service);
    let (id, secret) = (platform.client_id(), platform.client_secret().expose());
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    let mut fields = fields.to_vec();
    match service {
        Service::X | Service::Spotify => {
            let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
            headers.push(("authorization", format!("Basic {pair}")));
        }
        Service::Tiktok => fields.extend([("client_key", id), ("client_secret", secret)]),
        _ => fields.extend([("client_id", id), ("client_secret", secret)]),
    }
    (headers, form(&fields))
}

async fn exchange(probe: &Probe, service: Service, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token(probe, service, &fields).await
}

async fn refresh(probe: &Probe, service: Service, refresh_token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    token(probe, service, &fields).await
}

/// Calls the API with a token.
async fn api(probe: &Probe, service: Service, path: &str, token: &Value) -> Answer {
    let scheme = if service == Service::Soundcloud { "OAuth" } else { "Bearer" };
    let bearer = format!("{scheme} {}", token.as_str().unwrap());
    probe.get(service, path, &[("authorization", &bearer)]).await
}

async fn whoami(probe: &Probe, service: Service, token: &Value) -> u16 {
    api(probe, service, paths(service).whoami, token).await.status
}
