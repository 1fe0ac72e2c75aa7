//! Apple Music: a developer token that the app signs itself (ES256), and for a person's data a
//! `Music-User-Token`, which nothing renews. There is no authorize page: the real token comes out of
//! MusicKit in the browser, this one out of the control's `grant`.

use aws_lc_rs::agreement;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use kernel::Secret;
use serde_json::{Value, json};

use crate::Service;
use crate::platforms::artist::{Artist, Work, date};
use crate::platforms::ask::Ask;
use crate::platforms::book::{Dead, Held, Kind};
use crate::platforms::call::Visit;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{ClientAuth, Offline, RefreshAnswer, Route, Style, call, open_call};
use crate::platforms::{Platform, page};
use crate::seed::Seed;

/// The longest that a developer token may hold, in seconds.
const LONGEST: i64 = 15_777_000;

pub(super) const STYLE: Style = Style {
    service: Service::AppleMusic,
    routes: ROUTES,
    client_auth: ClientAuth::Post,
    app_auth: ClientAuth::Post,
    grants: &[],
    pkce_required: false,
    separator: " ",
    scopes: &[],
    offline: Offline::Never,
    refresh_answer: RefreshAnswer::Never,
    rules: TokenRules {
        model: Model::Stable,
        code_secs: 60,
        access_secs: 15_777_000,
        refresh_secs: None,
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 3_600, window: Window::Secs(3_600), per_account: false, per_call: false },
    drift: "genreNames",
};

const ROUTES: &[Route] = &[
    call("GET", "/v1/me/storefront", &[], my_storefront),
    call("GET", "/v1/me/recent/played/tracks", &[], recent),
    call("GET", "/v1/me/history/heavy-rotation", &[], rotation),
    open_call("/v1/storefronts/{}", storefront),
    open_call("/v1/catalog/us/search", search),
    open_call("/v1/catalog/us/artists/{}", artist),
    open_call("/v1/catalog/us/artists/{}/albums", albums),
    open_call("/v1/catalog/us/artists/{}/songs", songs_of),
    open_call("/v1/catalog/us/artists/{}/view/top-songs", songs_of),
];

/// What an app signs its developer tokens with.
#[derive(Clone, Debug)]
pub struct DeveloperKey {
    /// `iss`.
    pub team_id: String,
    /// `kid`.
    pub key_id: String,
    /// The private key, PKCS #8 in PEM.
    pub private_key: Secret<String>,
}

/// The key of this seed; `None` only if the seed should give none that is valid, one time in 2³².
pub(in crate::platforms) fn developer_key(seed: &Seed) -> Option<(DeveloperKey, Vec<u8>)> {
    let scalar = seed.bytes("apple music key");
    let private = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &scalar).ok()?;
    let public = private.compute_public_key().ok()?;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &scalar,
        public.as_ref(),
    )
    .ok()?;
    let packed = BASE64_STANDARD.encode(pair.to_pkcs8v1().ok()?.as_ref());
    let lines: Vec<&str> =
        packed.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let lines = lines.join("\n");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n");
    let key = DeveloperKey {
        team_id: seed.letters("apple music team", 10).to_uppercase(),
        key_id: seed.letters("apple music key id", 10).to_uppercase(),
        private_key: Secret::new(pem),
    };
    Some((key, pair.public_key().as_ref().to_vec()))
}

/// Checks the developer token, and the person's where one is needed or given.
pub(in crate::platforms) fn held(
    platform: &Platform,
    ask: &Ask,
    person: bool,
) -> Result<Held, Refusal> {
    let token = ask.bearer(STYLE.scheme).ok_or(Refusal::NoToken)?;
    check(platform, token, ask.now.secs()).map_err(Refusal::BadToken)?;
    match ask.header("music-user-token") {
        Some(token) => platform.book().held(token, ask.now).map_err(|_| Refusal::NoPerson),
        None if person => Err(Refusal::NoPerson),
        None => Ok(Held {
            token: token.to_owned(),
            kind: Kind::Access,
            client: platform.client_id.clone(),
            account: None,
            scopes: Vec::new(),
        }),
    }
}

fn check(platform: &Platform, token: &str, now: i64) -> Result<(), Dead> {
    let (key, public) = developer_key(&platform.seed).ok_or(Dead::Unknown)?;
    let (signed, signature) = token.rsplit_once('.').ok_or(Dead::Unknown)?;
    let (head, claims) = signed.split_once('.').ok_or(Dead::Unknown)?;
    let unpacked = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Dead::Unknown);
    let json = |part: &str| -> Result<Value, Dead> {
        serde_json::from_slice(&unpacked(part)?).map_err(|_| Dead::Unknown)
    };
    let (head, claims) = (json(head)?, json(claims)?);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
        .verify(signed.as_bytes(), &unpacked(signature)?)
        .map_err(|_| Dead::Unknown)?;
    let known = head["alg"] == "ES256" && head["kid"] == key.key_id && claims["iss"] == key.team_id;
    let (Some(iat), Some(exp)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return Err(Dead::Unknown);
    };
    // A minute of difference between two clocks is nothing.
    if !known || iat > now + 60 || exp - iat > LONGEST {
        return Err(Dead::Unknown);
    }
    if exp <= now { Err(Dead::Expired) } else { Ok(()) }
}

fn my_storefront(_: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(us())
}

fn storefront(visit: &Visit<'_>) -> Result<Value, Refusal> {
    if visit.ask.param(0) == "us" { Ok(us()) } else { Err(Refusal::NotFound) }
}

fn us() -> Value {
    json!({"data": [{
        "id": "us", "type": "storefronts", "href": "/v1/storefronts/us",
        "attributes": {
            "name": "United States", "defaultLanguageTag": "en-US",
            "supportedLanguageTags": ["en-US"], "explicitContentPolicy": "allowed",
        },
    }]})
}

fn artist(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    let mut full = resource(&artist);
    if visit.ask.list("views").contains(&"top-songs") {
        let songs = songs(visit, &artist).into_iter().take(10).collect::<Vec<_>>();
        full["views"] = json!({"top-songs": {"data": songs}});
    }
    Ok(json!({"data": [full]}))
}

fn albums(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    let works = artist.works(visit.today);
    Ok(page_of(visit, works.iter().map(|work| album(&artist, work)).collect()))
}

fn songs_of(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    Ok(page_of(visit, songs(visit, &artist)))
}

fn recent(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(page_of(visit, songs(visit, &visit.artist)))
}

fn rotation(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let works = visit.artist.works(visit.today);
    Ok(page_of(visit, works.iter().map(|work| album(&visit.artist, work)).collect()))
}

fn search(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let term = visit.ask.field("term").ok_or(Refusal::Bad("No term".to_owned()))?;
    let found: Vec<Value> = visit.search(term).iter().map(resource).collect();
    let href = format!("/v1/catalog/us/search?types=artists&term={}", page::escape(term));
    Ok(json!({"results": {"artists": {"href": href, "data": found}}}))
}

fn resource(artist: &Artist) -> Value {
    let id = artist.id(STYLE.service);
    json!({
        "id": id, "type": "artists", "href": format!("/v1/catalog/us/artists/{id}"),
        "attributes": {
            "name": artist.name, "genreNames": ["Alternative"],
            "url": format!("https://music.apple.com/us/artist/{id}"),
        },
    })
}

fn songs(visit: &Visit<'_>, artist: &Artist) -> Vec<Value> {
    let song = |work: &Work| {
        let id = artist.work_number(STYLE.service, work, 10);
        json!({
            "id": id, "type": "songs", "href": format!("/v1/catalog/us/songs/{id}"),
            "attributes": {
                "name": work.title, "artistName": artist.name, "albumName": work.title,
                "durationInMillis": 180_000 + work.number * 1_007,
                "releaseDate": date(work.day), "genreNames": ["Alternative"],
                "isrc": format!("USSBX26{:05}", work.number),
            },
        })
    };
    artist.works(visit.today).iter().map(song).collect()
}

fn album(artist: &Artist, work: &Work) -> Value {
    let id = artist.work_number(Service::Bench, work, 10);
    json!({
        "id": id, "type": "albums", "href": format!("/v1/catalog/us/albums/{id}"),
        "attributes": {
            "name": work.title, "artistName": artist.name, "trackCount": 1, "isSingle": true,
            "releaseDate": date(work.day), "genreNames": ["Alternative"],
        },
    })
}

/// `next` is a path, not an address.
fn page_of(visit: &Visit<'_>, all: Vec<Value>) -> Value {
    let offset = visit.ask.number("offset", 0, all.len());
    let end = offset + visit.ask.number("limit", 20, 100).max(1);
    let next = (end < all.len()).then(|| format!("{}?offset={end}", visit.ask.path));
    let page: Vec<Value> = all.into_iter().skip(offset).take(end - offset).collect();
    let mut answer = json!({ "data": page });
    if let Some(next) = next {
        answer["next"] = next.into();
    }
    answer
}
