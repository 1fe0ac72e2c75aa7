use super::*;
use std::fs;

#[test]
fn the_catalog_holds_together() {
    let findings = embedded();
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// Writes a catalog of one provider and gives what the linter says of it.
fn findings(yaml: &str, sample: &str, icon: &str) -> Vec<String> {
    findings_in(&[("provider.yaml", yaml), ("icon.svg", icon), ("samples/one.json", sample)])
}

fn findings_in(files: &[(&str, &str)]) -> Vec<String> {
    let root = std::env::temp_dir().join(format!(
        "catalog-lint-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    for (name, text) in files {
        let file = root.join("providers/demo").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let findings = dir(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    findings.iter().map(ToString::to_string).collect()
}

const GOOD: &str = r#"
schema: 1
id: demo
name: Demo
summary: A demo.
modes: [pull]
auth: [{kind: bearer, value: "{{credentials.token}}"}]
credentials: {type: object, properties: {token: {title: Token, type: string, x-sensitive: true}}}
config: {type: object, properties: {city: {title: City, type: string}}}
base_url: https://example.org
request: {path: "/{{config.city}}"}
transform: .a
"#;
const SAMPLE: &str = r#"{"response": {"a": 1}, "expect": 1}"#;
const ICON: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M0 0"/></svg>"#;

#[test]
fn each_mistake_is_found() {
    assert_eq!(findings(GOOD, SAMPLE, ICON), Vec::<String>::new());
    let broken = |from: &str, to: &str, expected: &str| {
        assert!(GOOD.contains(from), "{from}");
        let found = findings(&GOOD.replace(from, to), SAMPLE, ICON).join("\n");
        assert!(found.contains(expected), "{to}: {found}");
    };
    broken("id: demo", "id: other", "must be the folder's name");
    broken("schema: 1", "schema: 2", "/schema");
    broken("summary: A demo.", "sumary: A demo.", "sumary");
    broken("{{config.city}}", "{{config.town}}", "`config.town` is not declared");
    broken("{{config.city}}", "{{config.city", "not closed");
    broken("{{credentials.token}}", "{{credential.token}}", "a name begins with");
    broken("x-sensitive: true", "x-other: true", "looks like a secret");
    broken("title: City, ", "", "needs a `title`");
    broken("city: {title: City", "api_key: {title: City", "belongs into `credentials`");
    broken("transform: .a", "transform: .a |", "cannot be read");
    broken("transform: .a", "transform: .b", "the outcome is not what is expected");
    broken("[pull]", "[pull, push]", "go together");
    broken("[pull]", "[push]", "have no effect");
    broken("request: {path: \"/{{config.city}}\"}", "", "needs a request");
    broken("base_url: https://example.org", "", "neither a `url` nor a `base_url`");
    broken("type: string}}}", "type: strin}}}", "/config");
    broken("kind: bearer, value", "kind: basic, value", "/auth/0");
    broken("{kind: bearer, value", "{kind: oauth2, value", "needs an `oauth.yaml`");
    let daily = "transform: .a\nrate_limit: {daily: {units: 9, time_zone: Mars/Olympus}}";
    broken("transform: .a", daily, "the name of a zone");
    let twice =
        "transform: .a\nrate_limit: {classes: [{name: a, paths: [/a]}, {name: a, paths: [/b]}]}";
    broken("transform: .a", twice, "another class has it too");
    assert!(findings(GOOD, "{}", ICON).join("").contains("samples/one.json"));
    assert!(findings("a: [", SAMPLE, ICON).join("").contains("provider.yaml"));
}

#[test]
fn an_icon_is_a_picture_and_nothing_else() {
    for bad in [
        "",
        "<svg><script>alert(1)</script></svg>",
        "<svg onload=\"alert(1)\"/>",
        "<svg><a href=\"javascript:alert(1)\"/></svg>",
        "<svg><image href=\"https://example.org/x.png\"/></svg>",
        "<svg><rect fill=\"url(https://example.org/x)\"/></svg>",
        "<svg><foreignObject/></svg>",
        "<!DOCTYPE svg [<!ENTITY x \"y\">]><svg/>",
        "<svg style=\"background: url(x)\"/>",
        "<html/>",
        "not xml <",
    ] {
        assert!(icon::check(bad).is_err(), "{bad}");
    }
    assert_eq!(icon::check(ICON), Ok(()));
}

/// What the providers' own programs make of answers that are errors.
#[test]
fn error_messages_are_found() {
    use crate::Catalog;
    use serde_json::json;
    let catalog = Catalog::embedded().unwrap();
    let run = |provider: &str, program: &str, body: Value, config: Value| {
        let provider = catalog.get(provider).unwrap();
        let program = match program {
            "success" => &provider.success,
            _ => &provider.error_message,
        };
        let program = jq::compile(program.as_deref().unwrap()).unwrap();
        jq::run_with(&program, body, config, Limits::default()).ok()
    };
    let message = |provider: &str, body: Value| run(provider, "error", body, json!({}));
    for (body, expected) in [
        (json!({"message": "a"}), Some(json!("a"))),
        (json!({"error": "b"}), Some(json!("b"))),
        (json!({"error": {"message": "c"}}), Some(json!("c"))),
        (json!({"error": "x", "error_description": "d"}), Some(json!("d"))),
        (json!({"errors": [{"message": "e"}]}), Some(json!("e"))),
        (json!({"errors": ["f"]}), Some(json!("f"))),
        (json!({"title": "g", "detail": "h"}), Some(json!("h"))),
        (json!({}), None),
        (json!([1]), None),
        (json!("text"), None),
        (json!(null), None),
    ] {
        assert_eq!(message("rest", body.clone()), expected, "{body}");
    }
    assert_eq!(
        message("graphql", json!({"errors": [{"message": "a"}, {"message": "b"}]})),
        Some(json!("a; b"))
    );
    let failed = json!({"errors": [{"message": "a"}], "data": {"x": 1}});
    let success = |provider: &str, body: &Value, config: Value| {
        run(provider, "success", body.clone(), config)
    };
    assert_eq!(success("graphql", &failed, json!({})), Some(json!(false)));
    assert_eq!(success("graphql", &failed, json!({"allow_partial": true})), Some(json!(true)));
    assert_eq!(success("graphql", &json!({"data": {}}), json!({})), Some(json!(true)));
    assert_eq!(success("openweather", &json!({"cod": "200"}), json!({})), Some(json!(true)));
    assert_eq!(success("openweather", &json!({"cod": 401}), json!({})), Some(json!(false)));
}

/// Every request of an `oauth.yaml` or a `metrics.yaml` can be filled in once somebody has connected.
#[test]
fn what_is_asked_for_a_connection_can_be_filled_in() {
    use crate::{Catalog, template};
    use kernel::Timestamp;
    use serde_json::{Map, json};

    let text = |name: &str| match name.contains("url") {
        true => (name.to_owned(), json!("https://example.org")),
        false => (name.to_owned(), json!(format!("some-{name}"))),
    };
    let filled = |schema: &Value| -> Map<String, Value> {
        let value = |(name, field): (&String, &Value)| match field["format"] == "uri" {
            true => (name.clone(), json!("https://example.org")),
            false => text(name),
        };
        let mut values: Map<_, _> = schema::fields(schema).map(value).collect();
        let mut defaults = json!({});
        schema::apply_defaults(schema, &mut defaults);
        values.extend(defaults.as_object().cloned().unwrap());
        values
    };
    for provider in Catalog::embedded().unwrap().iter() {
        let Some(oauth) = &provider.oauth else { continue };
        let (credentials, config) = (filled(&provider.credentials), filled(&provider.config));
        let token: Map<_, _> = grant::tokens(provider).map(text).collect();
        let connection: Map<_, _> = grant::captured(provider).map(text).collect();
        let now = Timestamp::parse("2026-11-20T21:00:00Z").unwrap();
        let context = template::Context {
            token: &token,
            connection: &connection,
            ..template::Context::new(&credentials, &config, now)
        };
        let address = |url: &String| Request { url: Some(url.clone()), ..Request::default() };
        let metrics = provider.metrics.iter();
        let asked = metrics.clone().flat_map(|metrics| metrics.calls.values());
        let requests = [&oauth.authorize_url, &oauth.token_url, &oauth.device_url]
            .into_iter()
            .flat_map(|url| url.iter().map(address))
            .chain(oauth.exchange.clone())
            .chain(oauth.refresh.request.clone())
            .chain(oauth.discover.iter().map(|discover| discover.request.clone()))
            .chain(oauth.revoke.iter().map(|revoke| revoke.request.clone()))
            .chain(oauth.session.iter().map(|session| session.request.clone()))
            .chain(oauth.account.iter().filter_map(|account| account.request.clone()))
            .chain(asked.map(|call| call.request.clone()))
            .chain(metrics.filter_map(|it| it.artist.as_ref()).map(|it| it.request.clone()));
        for request in requests {
            let id = &provider.id;
            assert!(request.path.is_some() || request.url.is_some(), "{id}: {request:?}");
            let rendered = template::render(&request, provider.base_url.as_deref(), None, &context);
            let url = rendered.unwrap_or_else(|error| panic!("{id}: {error}")).url;
            assert!(!url.as_str().contains("%7B%7B"), "{id}: {url}");
        }
    }
}

/// What is wrong with an `oauth.yaml` and a `metrics.yaml` besides a provider that is sound.
#[test]
fn each_mistake_in_the_parts_is_found() {
    const OAUTH: &str = r#"
oauth:
  grants: [authorization_code]
  authorize_url: https://example.org/authorize
  token_url: "{{config.base}}/token"
  scopes: {default: [read]}
  answer: {secrets: {second: .second}}
  capture: {host: .host}
  account: {request: {path: "/of/{{connection.host}}/{{token.second}}"}, id: .id}
"#;
    const METRICS: &str = r#"
metrics:
  calls:
    account: {request: {path: /me}, capture: {list: .list}}
    posts: {request: {path: "/{{connection.account_id}}/{{connection.list}}"}, after: [account]}
  metrics:
    followers: {value: .account.followers}
    engagement_rate: {value: .posts.rate, estimated: a / b}
"#;
    const TOKEN: &str = r#"{"answer": {"access_token": "t", "host": "h"}, "expect":
        {"access_token": "t", "capture": {"host": "h"}}}"#;
    const NUMBERS: &str = r#"{"answers": {"account": {"followers": 1}, "posts": {"rate": 2}}, "expect":
        {"followers": 1, "engagement_rate": 2.0}}"#;
    let good = GOOD
        .replace("bearer, value: \"{{credentials.token}}\"", "oauth2")
        .replace("{token: {title: Token,", "{client_id: {title: Id}, client_secret: {title: Token,")
        .replace("city: {title: City, type: string}", "city: {title: City}, base: {title: Base}");
    let found = |provider: &str, oauth: &str, metrics: &str, token: &str, numbers: &str| {
        let files = [
            ("provider.yaml", provider),
            ("oauth.yaml", oauth),
            ("metrics.yaml", metrics),
            ("icon.svg", ICON),
            ("samples/one.json", SAMPLE),
            ("samples/token/one.json", token),
            ("samples/metrics/one.json", numbers),
        ];
        findings_in(&files).join("\n")
    };
    assert_eq!(found(&good, OAUTH, METRICS, TOKEN, NUMBERS), "");
    let oauth = |from: &str, to: &str, expected: &str| {
        assert!(OAUTH.contains(from), "{from}");
        let found = found(&good, &OAUTH.replace(from, to), METRICS, TOKEN, NUMBERS);
        assert!(found.contains(expected), "{to}: {found}");
    };
    oauth("  authorize_url: https://example.org/authorize\n", "", "needs `authorize_url`");
    oauth("https://", "http://", "must begin with https://");
    oauth("[authorization_code]", "[device_code]", "needs `device_url`");
    oauth("[authorization_code]", "[minted]", "needs `mint`");
    oauth("[authorization_code]", "[password]", "/grants/0");
    oauth("[read]", "[read, a b]", "/scopes/default/1");
    oauth("[read]}", "[read], by_grant: {minted: []}}", "Minted is not among the grants");
    oauth("[read]}", "[read], by_grant: {password: []}}", "/scopes/by_grant");
    oauth("[read]}", "[\"a,b\"], separator: \",\"}", "holds the separator");
    oauth("[read]}", "[read], second: {name: user_scope}}", "`config.user_scope` is not declared");
    oauth("host: .host", "host: .host |", "cannot be read");
    oauth("host: .host", "other: .host", "`connection.host` is not declared");
    oauth("second: .second", "third: .third", "`token.second` is not declared");
    oauth("host: .host", "host: .hosts", "the outcome is not what is expected");
    oauth("  scopes:", "  client: {auth: none}\n  pkce: none\n  scopes:", "needs PKCE");
    oauth("  scopes:", "  refresh: {model: extending}\n  scopes:", "needs the `request`");
    oauth("  scopes:", "  refresh: {model: client_credentials}\n  scopes:", "of the app's own");
    oauth("  scopes:", "  client: {auth: client_assertion}\n  scopes:", "needs `mint`");
    let metrics = |from: &str, to: &str, expected: &str| {
        assert!(METRICS.contains(from), "{from}");
        let found = found(&good, OAUTH, &METRICS.replace(from, to), TOKEN, NUMBERS);
        assert!(found.contains(expected), "{to}: {found}");
    };
    metrics("followers:", "fans:", "metrics.yaml");
    metrics(", estimated: a / b", "", "how it is `estimated`");
    metrics("after: [account]", "after: [none]", "there is no call `none`");
    metrics("after: [account]", "after: [posts]", "its turn never comes");
    metrics("connection.list", "connection.else", "`connection.else` is not declared");
    metrics(
        ".account.followers}",
        ".account.followers}\n    reach: {value: .none, optional: true}",
        "no sample",
    );
    metrics(".account.followers}", ".account | length}", "the outcome is not what is expected");
    let no_client = good.replace("client_id: {title: Id}, ", "");
    assert!(found(&no_client, OAUTH, METRICS, TOKEN, NUMBERS).contains("need a `client_id`"));
    let refusal = r#"{"status": 400, "answer": {}, "expect": {"error": "http_400"}}"#;
    assert!(found(&good, OAUTH, METRICS, refusal, NUMBERS).contains("that grants"));
    let stranger = NUMBERS.replace("\"posts\"", "\"stories\"");
    assert!(found(&good, OAUTH, METRICS, TOKEN, &stranger).contains("no call `stories`"));
}

const ACTION: &str = r#"
action: greet
title: Greet
summary: Says hello.
effect: write
input: {type: object, properties: {who: {title: Who, type: string}}}
output: {type: object, required: [id]}
request: {method: POST, path: /greetings, body: {to: "{{input.who}}"}}
error_code: .code
examples:
  - title: Ada
    input: {who: Ada}
    request: {method: POST, url: "https://example.org/greetings", body: {to: Ada}}
    response: {status: 201, body: {id: 1}}
    output: {id: 1}
  - title: Nobody
    input: {}
    request: {body: {}}
    response: {status: 400, body: {code: no_one}}
    error: no_one
"#;

const LISTING: &str = r#"
action: list
title: List
summary: Lists.
effect: read
input: {type: object, properties: {limit: {title: Items, type: integer}}}
request: {path: /items, query: {after: "{{input.after}}"}}
paging: {next: .next, parameter: after, items: .items}
examples:
  - title: One page
    input: {}
    request: {url: "https://example.org/items"}
    response: {body: {items: [1, 2], next: later}}
    output: [1, 2]
    next: later
"#;

#[test]
fn a_list_says_how_it_goes_on() {
    let said = |provider: &str, action: &str| {
        findings_in(&[
            ("provider.yaml", provider),
            ("icon.svg", ICON),
            ("actions/list.yaml", action),
        ])
    };
    let acts = "schema: 1\nid: demo\nname: Demo\nsummary: A demo.\nmodes: []\nbase_url: https://example.org\n";
    assert_eq!(said(acts, LISTING), Vec::<String>::new());
    let found = findings_in(&[("provider.yaml", acts), ("icon.svg", ICON)]).join("\n");
    assert!(found.contains("has actions"), "{found}");
    let numbered = LISTING.replacen("next: .next", "size: 2", 1);
    let numbered = numbered.replacen("/items\"}", "/items?after=1\"}", 1);
    let numbered = numbered.replacen("    next: later\n", "    next: 2\n", 1);
    assert_eq!(said(acts, &numbered), Vec::<String>::new());
    for (from, to, expected) in [
        ("    next: later\n", "", "what asks for the next page is"),
        ("next: .next, ", "", "either a `next` or a `size`"),
        ("items: .items}", "items: .items}\ntransform: .items", "has no effect with `paging`"),
        ("{limit: ", "{most: ", "has a `limit`"),
        ("parameter: after", "parameter: before", "`input.after` is not declared"),
        ("output: [1, 2]", "output: [1]", "what comes of it is"),
    ] {
        assert!(LISTING.contains(from), "{from}");
        let found = said(acts, &LISTING.replacen(from, to, 1)).join("\n");
        assert!(found.contains(expected), "{to}: {found}");
    }
}

#[test]
fn an_action_does_what_its_examples_say() {
    let said = |action: &str| {
        findings_in(&[
            ("provider.yaml", GOOD),
            ("icon.svg", ICON),
            ("samples/one.json", SAMPLE),
            ("actions/greet.yaml", action),
        ])
    };
    assert_eq!(said(ACTION), Vec::<String>::new());
    for (from, to, expected) in [
        ("action: greet", "action: meet", "it is the file's name"),
        ("effect: write", "effect: wild", "/effect"),
        ("{title: Who, ", "{", "needs a `title`"),
        ("input.who", "input.whom", "`input.whom` is not declared"),
        ("required: [id]", "required: [ids]", "ids"),
        ("{to: Ada}", "{to: Eve}", "what goes out is"),
        ("    request: {body: {}}\n", "", "say what goes out"),
        ("request: {body: {}}", "request: {}", "what goes out is"),
        ("input: {who: Ada}", "input: {who: 1}", "/who"),
        ("output: {id: 1}", "output: {id: 2}", "what comes of it is"),
        ("error: no_one", "error: other", "no_one"),
        ("error_code: .code", "error_code: .code |", "/error_code"),
        ("request: {method: POST, path: /greetings,", "native: a.b\nrequest: {path: /,", "either"),
    ] {
        assert!(ACTION.contains(from), "{from}");
        let found = said(&ACTION.replacen(from, to, 1)).join("\n");
        assert!(found.contains(expected), "{to}: {found}");
    }
}
