//! The stock exchange behind `POST /graphql`: a small fixed schema, answered as GraphQL over HTTP does,
//! with errors inside a 200. It knows queries with arguments, variables, aliases and fragments; it has
//! no mutations, directives or introspection beyond `__typename`, and says so.

mod exchange;
mod parse;
mod run;
mod schema;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use kernel::{Clock, Secret};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::seed::Seed;

pub(crate) struct Exchange {
    pub(crate) clock: Clock,
    pub(crate) seed: Seed,
    pub(crate) token: Secret<String>,
}

pub(crate) fn router(exchange: Exchange) -> Router {
    Router::new().route("/graphql", post(answer)).with_state(Arc::new(exchange))
}

/// A request of GraphQL over HTTP. `extensions` and what else a client sends is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    operation_name: Option<String>,
}

async fn answer(
    State(exchange): State<Arc<Exchange>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse = |status: StatusCode, message: String, code: &str| {
        let error = json!({"message": message, "extensions": {"code": code}});
        (status, Json(json!({"errors": [error]}))).into_response()
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) != Some(exchange.token.expose()) {
        let message = "A bearer token is needed, and this is not the one.".to_owned();
        return refuse(StatusCode::UNAUTHORIZED, message, "UNAUTHENTICATED");
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error.to_string(), "BAD_REQUEST"),
    };
    let result = parse::document(&request.query).and_then(|document| {
        let variables = request.variables.unwrap_or_default();
        run::run(&exchange, &document, request.operation_name.as_deref(), &variables)
    });
    match result {
        Ok(result) => Json(result).into_response(),
        Err(message) => refuse(StatusCode::OK, message, "GRAPHQL_VALIDATION_FAILED"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Service;
    use crate::probe::Probe;

    async fn ask(probe: &Probe, request: Value) -> Value {
        let token = probe.sandbox.credentials().graphql_token.expose().clone();
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let body = request.to_string();
        let answer = probe.send("POST", Service::Graphql, "/graphql", &headers, &body).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{request}");
        answer.json()
    }

    #[tokio::test]
    async fn a_query_gets_what_it_selects() {
        let probe = Probe::start().await;
        let query = r#"
            # arguments, variables, aliases, fragments
            query Desk($symbol: String! = "ACME", $all: [String!]) {
              first: stock(symbol: $symbol) { ...Price updatedAt __typename }
              stocks(symbols: $all) { symbol }
              portfolio { owner positions { quantity stock { ... on Stock { symbol } } } }
            }
            fragment Price on Stock { symbol price change }"#;
        let request = json!({"query": query, "variables": {"all": ["HOOLI", "ACME"]}});
        let answer = ask(&probe, request.clone()).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        let first = answer["data"]["first"].as_object().unwrap();
        let keys: Vec<_> = first.keys().map(String::as_str).collect();
        assert_eq!(keys, ["symbol", "price", "change", "updatedAt", "__typename"]);
        assert_eq!((&first["symbol"], &first["__typename"]), (&json!("ACME"), &json!("Stock")));
        assert_eq!(answer["data"]["stocks"], json!([{"symbol": "HOOLI"}, {"symbol": "ACME"}]));
        assert!(answer["data"]["portfolio"]["positions"][0]["stock"]["symbol"].is_string());

        assert_eq!(ask(&probe, request.clone()).await, answer);
        probe.clock.advance(std::time::Duration::from_secs(300));
        let later = ask(&probe, request).await;
        assert_ne!(later["data"]["first"]["price"], answer["data"]["first"]["price"]);
    }

    #[tokio::test]
    async fn errors_are_inside_a_200() {
        let probe = Probe::start().await;
        for (query, message) in [
            ("{ stock(symbol: \"ACME\") { colour } }", "Stock has no field \"colour\""),
            ("{ weather }", "Query has no field \"weather\""),
            ("{ stock(symbol: \"ACME\") }", "\"stock\" needs a selection of fields"),
            ("{ portfolio { owner { name } } }", "\"owner\" has no fields to select"),
            ("{ stock { price } }", "\"stock\" needs the argument \"symbol\""),
            ("{ stock(symbol: 1) { price } }", "\"symbol\" is to be a String"),
            ("{ stock(name: \"ACME\") { price } }", "\"stock\" has no argument \"name\""),
            ("query($s: String!) { stock(symbol: $s) { price } }", "variable $s has no value"),
            ("{ stock(symbol: $s) { price } }", "variable $s is not declared"),
            ("{ ...Nowhere }", "fragment \"Nowhere\" is not defined"),
            ("mutation { sell }", "only queries are answered, not \"mutation\""),
            ("{ portfolio @skip(if: true) { owner } }", "directives are not known here"),
            ("{ portfolio { owner }", "ends too early"),
            ("query A { __typename } query B { __typename }", "name one of the operations"),
            (&"{ portfolio ".repeat(200), "nested too deeply"),
            (&"fragment F on Query { ...F } ".repeat(2000), "too long"),
            ("{ stocks(symbols: [1]) { price } }", "\"symbols\" is to be a list of String"),
        ] {
            let answer = ask(&probe, json!({"query": query})).await;
            let said = answer["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(said.contains(message), "{query}: {answer}");
            assert_eq!(answer.get("data"), None, "{query}");
        }
    }

    #[tokio::test]
    async fn an_unknown_symbol_leaves_the_rest_of_the_data() {
        let probe = Probe::start().await;
        let query = "{ a: stock(symbol: \"NOPE\") { price } portfolio { currency } }";
        let answer = ask(&probe, json!({"query": query})).await;
        assert_eq!(answer["data"], json!({"a": null, "portfolio": {"currency": "USD"}}));
        assert_eq!(answer["errors"][0]["path"], json!(["a"]));
    }

    #[tokio::test]
    async fn operations_are_chosen_by_name_and_cyclic_fragments_end() {
        let probe = Probe::start().await;
        let query = "query A { portfolio { owner } } query B { ...F }
                     fragment F on Query { __typename ...F }";
        let request = json!({"query": query, "operationName": "B"});
        assert_eq!(ask(&probe, request).await, json!({"data": {"__typename": "Query"}}));
    }

    #[tokio::test]
    async fn a_long_chain_of_fragments_does_not_exhaust_the_stack() {
        let probe = Probe::start().await;
        let link = |n| format!("fragment F{n} on Query {{ ...F{} }}\n", n + 1);
        let chain: String = (0..490).map(link).collect();
        let query = format!("{{ ...F0 }} {chain} fragment F490 on Query {{ __typename }}");
        let answer = ask(&probe, json!({"query": query})).await;
        assert_eq!(answer, json!({"data": {"__typename": "Query"}}));
    }

    #[tokio::test]
    async fn it_wants_a_token_and_json() {
        let probe = Probe::start().await;
        let body = r#"{"query": "{ __typename }"}"#;
        let send = async |headers: &[(&str, &str)], body| {
            probe.send("POST", Service::Graphql, "/graphql", headers, body).await.unwrap().status
        };
        let good = format!("Bearer {}", probe.sandbox.credentials().graphql_token.expose());
        assert_eq!(send(&[], body).await, 401);
        assert_eq!(send(&[("authorization", "Bearer no")], body).await, 401);
        assert_eq!(send(&[("authorization", &good)], "{").await, 400);
        assert_eq!(send(&[("authorization", &good)], body).await, 200);
    }
}
