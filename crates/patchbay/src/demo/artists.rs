//! The platforms of artists: an integration with each, and the accounts of one artist, connected as a person
//! would. The other platforms are left for whoever tries the demo.

use anyhow::{Context as _, Result, bail};
use axum::body::Body;
use http::Request;
use sandbox::{Platform, Sandbox, Service};
use serde_json::{Value, json};
use server::House;
use tower::ServiceExt as _;

use super::content::Inside;

/// Whose accounts are connected.
const ARTIST: &str = "Aurel";
/// What the platforms call them.
const HANDLE: &str = "aurel";

/// The platforms, and whether the artist is connected from the start.
const PLATFORMS: [(Service, bool); 8] = [
    (Service::Spotify, true),
    (Service::Instagram, true),
    (Service::Youtube, true),
    (Service::Tiktok, true),
    (Service::AppleMusic, true),
    (Service::X, false),
    (Service::Soundcloud, false),
    (Service::Facebook, false),
];

pub(super) async fn fill(inside: &Inside, house: &House, sandbox: &Sandbox) -> Result<()> {
    for (service, is_connected) in PLATFORMS {
        let platform = sandbox.platform(service).context("a platform is missing")?;
        let url = sandbox.url(service).context("a platform has no address")?;
        let made = inside.post("/api/v1/integrations", integration(house, platform, url)).await?;
        if is_connected {
            let id = made["id"].as_str().context("an integration without an id")?;
            connect(inside, house, platform, id).await.with_context(|| service.title())?;
        }
    }
    Ok(())
}

/// Every address that the provider's configuration has leads into the sandbox.
fn integration(house: &House, platform: &Platform, url: &str) -> Value {
    let service = platform.service();
    let known = house.connect.catalog().get(service.name());
    let fields = known.and_then(|known| known.config.get("properties")?.as_object().cloned());
    let bases = fields.into_iter().flatten().map(|(name, _)| name);
    let config: Value =
        bases.filter(|name| name.ends_with("_base")).map(|name| (name, json!(url))).collect();
    let mut body = json!({ "name": service.title(), "provider": service.name(), "config": config });
    match platform.developer_key() {
        Some(key) => {
            body["credentials"] = json!({
                "team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key.expose(),
            });
        }
        None => {
            body["oauth_client"] = json!({
                "client_id": platform.client_id(), "client_secret": platform.client_secret().expose(),
            });
        }
    }
    body
}

/// Goes to the platform, agrees, and comes back.
async fn connect(inside: &Inside, house: &House, platform: &Platform, id: &str) -> Result<()> {
    let path = format!("/api/v1/integrations/{id}/connect");
    let begun = inside.post(&path, json!({ "subject": ARTIST })).await?;
    // Where nobody needs to agree it is connected already.
    let Some(authorize_url) = begun["authorize_url"].as_str() else { return Ok(()) };
    let back = platform.agree(authorize_url, HANDLE).await.context("nobody was sent back")?;
    let callback = Request::get(back).body(Body::empty())?;
    let pages = connect::open_routes(house.connect.clone()).split_for_parts().0;
    let landed = pages.oneshot(callback).await?;
    if !landed.status().is_success() {
        bail!("the callback answered {}", landed.status());
    }
    Ok(())
}
