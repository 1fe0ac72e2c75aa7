//! Templates: the input is JSON of a request, credentials and a configuration; what is not JSON is a
//! template on its own. However they are filled in, the request stays at its host, its headers have no
//! line breaks, and what came from the credentials is remembered so that the log can hide it.
#![no_main]

use catalog::Request;
use catalog::template::{Context, check, referenced, render, text};
use kernel::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

const BASE: &str = "https://fuzz.test/base";

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    match serde_json::from_str::<Value>(input) {
        Ok(Value::Object(input)) => request(&input),
        _ => alone(input),
    }
});

fn request(input: &Map<String, Value>) {
    let map = |name: &str| input.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let Ok(mut request) = serde_json::from_value::<Request>(Value::Object(map("request"))) else {
        return;
    };
    // With a whole address of its own there is no host to stay at.
    request.url = None;
    let (credentials, config) = (map("credentials"), map("config"));
    let context = context(&credentials, &config);
    let Ok(rendered) = render(&request, Some(BASE), None, &context) else { return };
    assert_eq!(rendered.url.host_str(), Some("fuzz.test"));
    assert_eq!(rendered.url.scheme(), "https");
    for (name, value) in &rendered.headers {
        assert!(![name, value].iter().any(|text| text.contains(['\r', '\n'])), "{name}: {value}");
    }
}

fn alone(template: &str) {
    let credentials = Map::from_iter([("key".to_owned(), json!("s3cr3t"))]);
    let config = Map::from_iter([("a".to_owned(), json!({ "b": [1, "two"] }))]);
    let filled = text("/t", template, &context(&credentials, &config));
    let is_sound = check("/t", template).is_ok();
    drop(referenced(template));
    assert!(is_sound || filled.is_err(), "it is refused, and filled in all the same");
}

fn context<'a>(credentials: &'a Map<String, Value>, config: &'a Map<String, Value>) -> Context<'a> {
    let now = Timestamp::from_secs(1_767_225_600);
    Context { credentials, config, now, credentials_schema: None, config_schema: None }
}
