//! Spotify: `accounts.spotify.com` and `api.spotify.com`. The deprecated fields (`popularity`,
//! `followers`, `genres`) are there, as they are for apps with extended quota; listeners and streams are
//! not in the Web API.

use serde_json::{Value, json};

use crate::Service;
use crate::platforms::artist::{Artist, Work, date, noon};
use crate::platforms::call::Visit;
use crate::platforms::quota::{Quota, Window};
use crate::platforms::refusal::Refusal;
use crate::platforms::rules::{Model, TokenRules};
use crate::platforms::style::{
    Act, ClientAuth, Offline, RefreshAnswer, Route, Style, call, open_call, route,
};

pub(super) const STYLE: Style = Style {
    service: Service::Spotify,
    routes: ROUTES,
    client_auth: ClientAuth::Basic,
    app_auth: ClientAuth::Basic,
    grants: &["authorization_code", "refresh_token", "client_credentials"],
    pkce_required: false,
    separator: " ",
    scopes: &[
        "user-top-read",
        "user-read-recently-played",
        "user-read-private",
        "user-read-email",
        "user-library-read",
        "user-follow-read",
        "playlist-read-private",
    ],
    offline: Offline::Always,
    refresh_answer: RefreshAnswer::Sometimes,
    rules: TokenRules {
        model: Model::Stable,
        code_secs: 60,
        access_secs: 3_600,
        refresh_secs: None,
        min_age_secs: 0,
        reuse_grace_secs: 0,
        told_secs: None,
    },
    scheme: "Bearer",
    says_issuer: false,
    quota: Quota { limit: 180, window: Window::Secs(30), per_account: false, per_call: false },
    drift: "followers",
};

const ROUTES: &[Route] = &[
    route("*", "/authorize", Act::Authorize),
    route("POST", "/api/token", Act::Token),
    call("GET", "/v1/me", &[], me),
    call("GET", "/v1/me/top/tracks", &["user-top-read"], top_tracks_of_mine),
    call("GET", "/v1/me/top/artists", &["user-top-read"], top_artists_of_mine),
    call("GET", "/v1/me/player/recently-played", &["user-read-recently-played"], recently),
    open_call("/v1/search", search),
    open_call("/v1/artists/{}", artist),
    open_call("/v1/artists/{}/albums", albums),
    open_call("/v1/artists/{}/top-tracks", top_tracks),
];

fn me(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = &visit.artist;
    let mut me = json!({
        "id": artist.handle, "account_id": artist.uuid("spotify account"),
        "display_name": artist.name, "type": "user", "uri": format!("spotify:user:{}", artist.handle),
        "href": format!("{}/v1/users/{}", visit.platform.url, artist.handle),
        "external_urls": {}, "images": [],
        "followers": {"href": null, "total": artist.total("spotify user", 120.0, 0.3, visit.today)},
    });
    if visit.needs("user-read-email").is_ok() {
        me["email"] = format!("{}@example.com", artist.handle).into();
    }
    if visit.needs("user-read-private").is_ok() {
        (me["country"], me["product"]) = ("SE".into(), "premium".into());
    }
    Ok(me)
}

fn artist(visit: &Visit<'_>) -> Result<Value, Refusal> {
    Ok(full(visit, &visit.find(visit.ask.param(0))?))
}

fn full(visit: &Visit<'_>, artist: &Artist) -> Value {
    let id = artist.id(STYLE.service);
    let followers = artist.total("spotify followers", 31_000.0, 60.0, visit.today);
    json!({
        "id": id, "name": artist.name, "type": "artist", "uri": format!("spotify:artist:{id}"),
        "href": format!("{}/v1/artists/{id}", visit.platform.url),
        "external_urls": {"spotify": format!("https://open.spotify.com/artist/{id}")},
        "followers": {"href": null, "total": followers},
        "genres": ["dream pop", "chamber pop"],
        "popularity": (followers as f64).log2() as u64 * 3,
        "images": [],
    })
}

fn albums(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    let works = artist.works(visit.today);
    let groups = visit.ask.list("include_groups");
    let albums = works.iter().map(|work| album(visit, &artist, work)).filter(|album| {
        groups.is_empty() || groups.iter().any(|group| album["album_type"] == *group)
    });
    page(visit, albums.collect(), 5, 10)
}

fn top_tracks(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let artist = visit.find(visit.ask.param(0))?;
    let works = artist.works(visit.today);
    let tracks = works.iter().take(10).map(|work| track(visit, &artist, work));
    Ok(json!({"tracks": tracks.collect::<Vec<_>>()}))
}

fn top_tracks_of_mine(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let works = visit.artist.works(visit.today);
    page(visit, works.iter().map(|work| track(visit, &visit.artist, work)).collect(), 20, 50)
}

fn top_artists_of_mine(visit: &Visit<'_>) -> Result<Value, Refusal> {
    page(visit, visit.search("").iter().map(|artist| full(visit, artist)).collect(), 20, 50)
}

fn recently(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let limit = visit.ask.number("limit", 20, 50);
    let works = visit.artist.works(visit.today);
    let items: Vec<Value> = works
        .iter()
        .take(limit)
        .map(|work| {
            let played_at = noon(visit.today - 1, "%Y-%m-%dT%H:%M:%S.000Z");
            json!({"track": track(visit, &visit.artist, work), "played_at": played_at, "context": null})
        })
        .collect();
    Ok(json!({
        "href": href(visit), "items": items, "limit": limit, "next": null,
        "cursors": {"after": (visit.today * 86_400_000).to_string()},
    }))
}

fn search(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let text = visit.ask.field("q").ok_or(Refusal::Bad("No search query".to_owned()))?;
    let text = text.trim_start_matches("artist:").trim_matches('"');
    let found = visit.search(text).iter().map(|artist| full(visit, artist)).collect();
    Ok(json!({"artists": page(visit, found, 5, 10)?}))
}

fn track(visit: &Visit<'_>, artist: &Artist, work: &Work) -> Value {
    let id = artist.work_letters(STYLE.service, work, 22);
    json!({
        "id": id, "name": work.title, "type": "track", "uri": format!("spotify:track:{id}"),
        "duration_ms": 180_000 + work.number * 1_007, "explicit": false,
        "popularity": 40 + work.number % 20,
        "artists": [{"id": artist.id(STYLE.service), "name": artist.name}],
        "album": album(visit, artist, work),
    })
}

fn album(visit: &Visit<'_>, artist: &Artist, work: &Work) -> Value {
    let id = artist.work_letters(Service::Bench, work, 22);
    json!({
        "id": id, "name": work.title, "type": "album",
        "album_type": if work.number % 4 == 0 { "album" } else { "single" }, "total_tracks": 1,
        "href": format!("{}/v1/albums/{id}", visit.platform.url),
        "release_date": date(work.day), "release_date_precision": "day",
        "artists": [{"id": artist.id(STYLE.service), "name": artist.name}],
    })
}

fn href(visit: &Visit<'_>) -> String {
    format!("{}{}?{}", visit.platform.url, visit.ask.path, visit.ask.raw_query)
}

fn page(visit: &Visit<'_>, all: Vec<Value>, usual: usize, most: usize) -> Result<Value, Refusal> {
    let asked = visit.ask.number("limit", usual, usize::MAX);
    if asked > most || asked == 0 {
        return Err(Refusal::Bad("Invalid limit".to_owned()));
    }
    let (total, offset) = (all.len(), visit.ask.number("offset", 0, 1_000));
    let at = |offset: usize| {
        format!("{}{}?offset={offset}&limit={asked}", visit.platform.url, visit.ask.path)
    };
    let next = (offset + asked < total).then(|| at(offset + asked));
    let previous = (offset > 0).then(|| at(offset.saturating_sub(asked)));
    let items: Vec<Value> = all.into_iter().skip(offset).take(asked).collect();
    Ok(json!({
        "href": href(visit), "limit": asked, "offset": offset, "total": total, "next": next,
        "previous": previous, "items": items,
    }))
}
