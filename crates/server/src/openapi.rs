//! The OpenAPI 3.1 document, made from the code: the rooms describe their operations, and here they get
//! what is common to all.

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Info, OpenApi, Ref, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema};

/// A problem, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Where the page about this kind of problem is.
    #[schema(example = "/docs/errors/request.invalid")]
    r#type: String,
    title: String,
    status: u16,
    /// The stable code.
    #[schema(example = "request.invalid")]
    code: String,
    /// What happened in this case and what to do about it.
    detail: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ProblemField>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemField {
    /// A JSON Pointer into the request.
    #[schema(example = "/config/base_url")]
    pointer: String,
    message: String,
}

/// Every status that any operation can answer with a problem.
const PROBLEMS: [(&str, &str); 12] = [
    ("400", "The request cannot be read"),
    ("401", "No valid key, token or session came with the request"),
    ("403", "The key lacks a scope, or the role does not allow this"),
    ("404", "There is nothing here by that name"),
    ("405", "The path does not take that method"),
    ("409", "It collides with something that exists"),
    ("413", "The body is larger than allowed"),
    ("415", "The body must be JSON"),
    ("422", "The request says something that is not allowed"),
    ("429", "Too many requests"),
    ("503", "The server cannot take this now"),
    ("507", "The disk is full"),
];

/// The document of every room in one, with what is common to all operations.
pub(crate) fn complete(
    mut document: OpenApi,
    others: impl IntoIterator<Item = OpenApi>,
) -> OpenApi {
    others.into_iter().for_each(|other| document.merge(other));
    let mut info = Info::new("Patchbay", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "One self-hosted place where outside services meet what people build. Lists are \
         `{\"data\", \"next_cursor\"}`; errors are RFC 9457 problems with a stable `code`; `POST` takes \
         an `Idempotency-Key`."
            .to_owned(),
    );
    document.info = info;
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    components.schemas.insert("ProblemField".to_owned(), ProblemField::schema());
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("api_key".to_owned(), bearer.into());
    let player = ApiKeyValue::with_description("token", "A player's token");
    let player = SecurityScheme::ApiKey(ApiKey::Query(player));
    components.security_schemes.insert("player".to_owned(), player.into());
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(add_problems);
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
        &mut item.head,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn add_problems(operation: &mut Operation) {
    for (status, description) in PROBLEMS {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
            let schema = Ref::from_schema_name("Problem");
            ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", Content::new(Some(schema)))
                .build()
                .into()
        });
    }
}

/// Serves the document, made once.
pub(crate) fn routes(document: OpenApi) -> Router {
    let text = document.to_json().unwrap_or_default();
    Router::new().route(
        "/api/v1/openapi",
        get(move || async move { ([(CONTENT_TYPE, "application/json")], text) }),
    )
}
