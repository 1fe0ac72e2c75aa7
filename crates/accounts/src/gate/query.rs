//! Query parameters and path segments.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use kernel::{Problem, codes};
use serde::de::DeserializeOwned;

use super::Failure;

/// Query parameters; what cannot be read is `request.bad_query`.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // U+0000, which PostgreSQL does not store, can only come percent-encoded.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let detail = "The character U+0000 is not allowed.";
            return Err(Problem::new(&codes::BAD_QUERY, detail).into());
        }
        let query = Query::try_from_uri(&parts.uri)
            .map_err(|rejection| Problem::new(&codes::BAD_QUERY, rejection.body_text()))?;
        Ok(Self(query.0))
    }
}

/// Path segments; an id of another form names nothing, so it is `request.not_found`.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let nowhere = || Problem::new(&codes::NOT_FOUND, "The path names nothing that exists.");
        if parts.uri.path().contains("%00") {
            return Err(nowhere().into());
        }
        match Path::from_request_parts(parts, state).await {
            Ok(Path(path)) => Ok(Self(path)),
            Err(_) => Err(nowhere().into()),
        }
    }
}
