//! The pages of `docs/errors/`, to which every problem's `type` leads.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../docs/errors"]
struct ErrorPages;

pub(crate) fn routes() -> Router {
    Router::new().route("/docs/errors/{code}", get(page))
}

async fn page(Path(code): Path<String>) -> Response {
    match ErrorPages::get(&format!("{code}.md")) {
        Some(page) => {
            ([(CONTENT_TYPE, "text/plain; charset=utf-8")], page.data.to_vec()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
