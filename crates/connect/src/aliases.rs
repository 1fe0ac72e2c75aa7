//! The names that people give to the same thing. A flexible configuration says `baseUrl`, `apiUrl` or
//! `endpoint`, and `apiKey` or `accessToken`; the provider files speak of `base_url`, `api_key`, `token`.
//! What was written stays as it is; this adds the names that templates ask for.

use serde_json::{Map, Value};

/// Other names, and what they mean, strongest first. An address is only meant where one is written.
const CONFIG: [(&str, &str); 10] = [
    ("base_url", "api_url"),
    ("base_url", "api_base_url"),
    ("base_url", "url"),
    ("base_url", "endpoint"),
    ("endpoint", "api_url"),
    ("endpoint", "url"),
    ("endpoint", "base_url"),
    ("feed_url", "rss_url"),
    ("feed_url", "url"),
    ("path", "endpoint"),
];

const CREDENTIALS: [(&str, &str); 12] = [
    ("token", "access_token"),
    ("token", "bearer_token"),
    ("token", "auth_token"),
    ("token", "personal_access_token"),
    ("token", "bearer"),
    ("username", "user"),
    ("api_key", "apikey"),
    ("api_key", "access_key"),
    ("api_key_header", "header_name"),
    ("api_key_header", "auth_header"),
    ("api_key_header", "key_header"),
    ("api_key_param", "key_param"),
];

/// A configuration with every name that it means.
pub(crate) fn config(given: &Map<String, Value>) -> Map<String, Value> {
    let meant = |name: &str, value: &Value| {
        let address = value.as_str().is_some_and(|text| text.contains("://"));
        address == (name != "path")
    };
    with(given, &CONFIG, meant)
}

/// Credentials with every name that they mean, together with what a flexible configuration says about
/// how to authenticate.
pub(crate) fn credentials(
    given: &Map<String, Value>,
    config: &Map<String, Value>,
) -> Map<String, Value> {
    let always = |_: &str, _: &Value| true;
    let mut all = with(given, &CREDENTIALS, always);
    let config = with(config, &CREDENTIALS, always);
    for name in ["username", "client_id", "api_key_header", "api_key_param"] {
        if let (false, Some(value)) = (all.contains_key(name), config.get(name)) {
            all.insert(name.to_owned(), value.clone());
        }
    }
    let way = text(&config, "auth_type").unwrap_or_default().to_ascii_lowercase();
    let moved = match way.as_str() {
        "bearer" | "token" => [("token", "api_key")],
        "apikey" | "api_key" | "api-key" => [("api_key", "token")],
        "basic" => [("password", "token")],
        _ => return all,
    };
    for (to, from) in moved {
        if let (false, Some(value)) = (all.contains_key(to), all.remove(from)) {
            all.insert(to.to_owned(), value);
        }
    }
    all
}

/// Whether what is here is of use only once somebody has agreed to it at the provider (OAuth), and
/// nobody has.
pub(crate) fn needs_authorization(
    config: &Map<String, Value>,
    credentials: &Map<String, Value>,
) -> bool {
    let config = with(config, &[], |_, _| true);
    let credentials = with(credentials, &CREDENTIALS, |_, _| true);
    let has = |name: &str| config.contains_key(name) || credentials.contains_key(name);
    let way = text(&config, "auth_type").unwrap_or_default().to_ascii_lowercase();
    let oauth = way.starts_with("oauth")
        || config.contains_key("scopes")
        || (has("client_id") && has("client_secret"));
    oauth && !["token", "api_key", "password"].iter().any(|name| credentials.contains_key(*name))
}

fn with(
    given: &Map<String, Value>,
    aliases: &[(&str, &str)],
    meant: impl Fn(&str, &Value) -> bool,
) -> Map<String, Value> {
    let mut all = given.clone();
    for (name, value) in given {
        all.entry(snake_case(name)).or_insert_with(|| value.clone());
    }
    for (name, other) in aliases {
        let value = all.get(*other).filter(|value| meant(name, value)).cloned();
        if let (false, Some(value)) = (all.contains_key(*name), value) {
            all.insert((*name).to_owned(), value);
        }
    }
    all
}

/// `baseUrl`, `base-url` and `baseURL` as `base_url`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    let mut lower_before = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && lower_before {
            snake.push('_');
        }
        lower_before = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        snake.push(if letter == '-' { '_' } else { letter.to_ascii_lowercase() });
    }
    snake
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn names_are_understood() {
        let all = config(&map(json!({"baseUrl": "https://a", "apiKeyName": 1})));
        assert_eq!((&all["base_url"], &all["api_key_name"]), (&json!("https://a"), &json!(1)));
        assert_eq!(config(&map(json!({"apiURL": "https://b"})))["base_url"], "https://b");
        let both = config(&map(json!({"baseUrl": "https://a", "endpoint": "/me"})));
        assert_eq!((&both["base_url"], &both["path"]), (&json!("https://a"), &json!("/me")));
        let secret = map(json!({"apiKey": "k"}));
        assert_eq!(credentials(&secret, &Map::new())["api_key"], "k");
        let bearer = credentials(&secret, &map(json!({"authType": "bearer"})));
        assert_eq!(bearer["token"], "k");
        let named = credentials(&secret, &map(json!({"headerName": "X-Key"})));
        assert_eq!(named["api_key_header"], "X-Key");
    }

    #[test]
    fn oauth_without_a_token_is_not_authorized() {
        for (config, credentials, wanted) in [
            (json!({"clientId": "a", "scopes": ["x"]}), json!({"clientSecret": "b"}), true),
            (json!({"clientId": "a"}), json!({"clientSecret": "b"}), true),
            (json!({"authType": "oauth2"}), json!({}), true),
            (json!({"authType": "oauth2"}), json!({"accessToken": "t"}), false),
            (json!({"clientId": "a"}), json!({}), false),
            (json!({"baseUrl": "x"}), json!({"apiKey": "k"}), false),
        ] {
            assert_eq!(
                needs_authorization(&map(config.clone()), &map(credentials)),
                wanted,
                "{config}"
            );
        }
    }
}
