//! The operations that the running server says it has.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::client::Client;

/// Method and path, as the document writes them.
pub(crate) type Operation = (String, String);

/// Every operation with what the document says of it.
pub(crate) async fn operations(client: &Client) -> BTreeMap<Operation, Value> {
    let document = client.get("/api/v1/openapi").await.expect(200);
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if ["get", "put", "post", "patch", "delete", "head"].contains(&method.as_str()) {
                found.insert((method.to_uppercase(), path.clone()), operation.clone());
            }
        }
    }
    assert!(found.len() > 80, "the document was read");
    found
}
