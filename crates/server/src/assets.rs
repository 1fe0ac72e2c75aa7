//! The dashboard: built by Vite into `web/dist`, embedded in the binary. A binary that was built without
//! it says so on one page.

use axum::Router;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dashboard;

/// Every path that is not the API's belongs to the dashboard, which has its own routes in the browser.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(page)).route("/{*path}", get(file)).layer(CompressionLayer::new())
}

async fn page(headers: HeaderMap) -> Response {
    match Dashboard::get("index.html") {
        Some(index) => answer("index.html", &index, &headers, "no-cache"),
        None => Html(WITHOUT_DASHBOARD).into_response(),
    }
}

async fn file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path.starts_with("auth/") {
        return crate::layers::not_found(request).await;
    }
    match Dashboard::get(path) {
        // Names under assets/ hold a hash of their content: they never change.
        Some(found) if path.starts_with("assets/") => {
            answer(path, &found, request.headers(), "public, max-age=31536000, immutable")
        }
        Some(found) => answer(path, &found, request.headers(), "no-cache"),
        None if path.starts_with("assets/") => StatusCode::NOT_FOUND.into_response(),
        None => page(request.headers().clone()).await,
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap, cache: &'static str) -> Response {
    let hash: String =
        file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let kind = file.metadata.mimetype().to_owned();
    let mut response = axum::body::Body::from(file.data.to_vec()).into_response();
    let out = response.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    let kind = if path.ends_with(".js") { "text/javascript".to_owned() } else { kind };
    out.extend(
        [(CONTENT_TYPE, text(&kind)), (ETAG, text(&etag)), (CACHE_CONTROL, text(cache))]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    response
}

const WITHOUT_DASHBOARD: &str = "<!doctype html><meta charset=utf-8><title>Patchbay</title>\
     <style>body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>\
     <h1>Patchbay is running</h1><p>This binary was built without its dashboard. \
     <code>make build</code> makes one that has it; the API is at <code>/api/v1</code>, \
     described by <a href=/api/v1/openapi>/api/v1/openapi</a>.";
