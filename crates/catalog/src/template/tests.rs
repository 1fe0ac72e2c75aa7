use super::*;
use proptest::prelude::*;
use serde_json::json;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn fill(
    request: Value,
    base: Option<&str>,
    auth: Option<Value>,
    credentials: Value,
    config: Value,
) -> Result<Rendered, TemplateError> {
    let (credentials, config) = (map(credentials), map(config));
    let schema = json!({"properties": {"city": {}, "lat": {}, "headers": {}, "vars": {}}, "required": ["city"]});
    let context = Context {
        config_schema: Some(&schema),
        ..Context::new(&credentials, &config, Timestamp::from_secs(1_769_860_800))
    };
    let auth: Option<Auth> = auth.map(|auth| serde_json::from_value(auth).unwrap());
    let request: Request = serde_json::from_value(request).unwrap();
    render(&request, base, auth.as_ref(), &context)
}

#[test]
fn a_request_is_filled_in() {
    let request = json!({"path": "/data/2.5/weather", "query": {"q": "{{config.city}}", "lat": "{{options.lat}}",
        "n": 5, "tag": ["a", "b"]}});
    let auth = json!({"kind": "api_key", "in": "query", "name": "appid", "value": "{{credentials.api_key}}"});
    let filled = fill(
        request,
        Some("https://api.example.org/"),
        Some(auth),
        json!({"api_key": "k&1"}),
        json!({"city": "São Paulo"}),
    )
    .unwrap();
    assert_eq!(
        filled.url.as_str(),
        "https://api.example.org/data/2.5/weather?q=S%C3%A3o+Paulo&n=5&tag=a&tag=b&appid=k%261"
    );
    assert_eq!((filled.method.as_str(), filled.body), ("GET", None));
    assert_eq!(filled.secrets, ["k&1"]);
}

#[test]
fn each_place_has_its_rules() {
    let url = |request: Value, base: Option<&str>, config: Value| {
        fill(request, base, None, json!({}), config).map(|filled| filled.url.to_string())
    };
    let base = Some("https://h.org/v1/");
    let ok = |text: &str| Ok(text.to_owned());
    // One segment, unless it is the whole path.
    assert_eq!(
        url(json!({"path": "/c/{{config.city}}/x"}), base, json!({"city": "a/b ?"})),
        ok("https://h.org/v1/c/a%2Fb%20%3F/x")
    );
    assert_eq!(
        url(json!({"path": "/{{config.city}}"}), base, json!({"city": "repos/o o/r"})),
        ok("https://h.org/v1/repos/o%20o/r")
    );
    assert!(url(json!({"path": "/{{config.city}}"}), base, json!({"city": "a/../../b"})).is_err());
    assert!(url(json!({"path": "/x/{{config.city}}"}), base, json!({"city": ".."})).is_err());
    assert_eq!(
        url(json!({"url": "{{config.city}}"}), None, json!({"city": "https://f.org/x?y=1"})),
        ok("https://f.org/x?y=1")
    );
    assert!(
        url(json!({"url": "{{config.city}}"}), None, json!({"city": "file:///etc/passwd"}))
            .is_err()
    );
    assert!(url(json!({"url": "{{config.city}}"}), None, json!({"city": "nonsense"})).is_err());
    assert!(url(json!({"path": "/"}), None, json!({})).is_err());
    assert_eq!(url(json!({"path": ""}), base, json!({})), ok("https://h.org/v1/"));
    assert_eq!(
        url(json!({"query": {"*": "{{config.vars}}"}}), base, json!({"vars": {"a": 1, "b": true}})),
        ok("https://h.org/v1/?a=1&b=true")
    );
    // What is named after what was spread takes its place; a list stays a list.
    assert_eq!(
        url(
            json!({"query": {"*": "{{config.vars}}", "a": ["2", "3"]}}),
            base,
            json!({"vars": {"a": 1, "b": true}})
        ),
        ok("https://h.org/v1/?b=true&a=2&a=3")
    );

    // Absent: dropped when optional, named when not.
    let missing = url(json!({"query": {"q": "{{config.city}}"}}), base, json!({}));
    assert_eq!(
        missing,
        Err(TemplateError::Missing { pointer: "/query/q".into(), name: "config.city".into() })
    );
    let missing = url(json!({"query": {"q": "{{options.nope}}"}}), base, json!({}));
    assert_eq!(missing.unwrap_err().to_string(), "/query/q: there is no value `config.nope`");
    assert_eq!(
        url(json!({"query": {"q": "{{config.lat}}"}}), base, json!({})),
        ok("https://h.org/v1/")
    );
}

#[test]
fn headers_cannot_smuggle() {
    let header = |name: &str, value: &str| {
        fill(
            json!({"headers": {name: "{{config.city}}"}}),
            Some("https://h.org"),
            None,
            json!({}),
            json!({"city": value}),
        )
    };
    assert_eq!(
        header("X-City", "Wien").unwrap().headers,
        [("X-City".to_owned(), "Wien".to_owned())]
    );
    for value in ["a\r\nX: y", "a\nb", "a\0", "a\r"] {
        assert!(header("X-City", value).is_err(), "{value:?}");
    }
    for name in ["X City", "X:", "", "X\n"] {
        assert!(header(name, "v").is_err(), "{name:?}");
    }
    let spread = |headers: Value| {
        fill(
            json!({"headers": {"*": "{{config.headers}}"}}),
            Some("https://h.org"),
            None,
            json!({}),
            json!({"headers": headers}),
        )
    };
    assert_eq!(spread(json!({"A": "1"})).unwrap().headers.len(), 1);
    assert!(spread(json!({"A": "1\r\nB: 2"})).is_err());
    assert!(spread(json!("text")).is_err());
    assert!(spread(json!({"A": {"b": 1}})).is_err());
}

#[test]
fn bodies_keep_their_types() {
    let body = |body: Value, config: Value| {
        fill(
            json!({"method": "post", "body": body}),
            Some("https://h.org"),
            None,
            json!({}),
            config,
        )
        .map(|filled| filled.body)
    };
    assert_eq!(
        body(
            json!({"variables": "{{config.vars}}", "n": "{{config.city}}", "t": "in {{config.city}} at {{now}}",
            "gone": "{{config.lat}}", "list": ["{{config.lat}}", 1]}),
            json!({"vars": {"a": [1]}, "city": 7})
        ),
        Ok(Some(Body::Json(
            json!({"variables": {"a": [1]}, "n": 7, "t": "in 7 at 2026-01-31T12:00:00Z", "list": [1]})
        )))
    );
    assert_eq!(
        body(json!({"$text": "<a>{{config.city}}</a>"}), json!({"city": "x"})),
        Ok(Some(Body::Text("<a>x</a>".into())))
    );
    assert_eq!(
        body(json!("{{config.vars.list.1}}"), json!({"vars": {"list": [1, 2]}})),
        Ok(Some(Body::Json(json!(2))))
    );
    assert_eq!(body(Value::Null, json!({})), Ok(None));
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    assert!(body(deep, json!({})).is_err());
}

#[test]
fn authentication_is_added_and_remembered() {
    let header = |auth: Value, credentials: Value| {
        let filled = fill(json!({}), Some("https://h.org"), Some(auth), credentials, json!({}))?;
        Ok::<_, TemplateError>((filled.headers, filled.secrets))
    };
    let (headers, secrets) =
        header(json!({"kind": "bearer", "value": "{{credentials.token}}"}), json!({"token": "t1"}))
            .unwrap();
    assert_eq!(headers, [("Authorization".to_owned(), "Bearer t1".to_owned())]);
    assert_eq!(secrets, ["t1"]);
    let basic =
        json!({"kind": "basic", "username": "{{credentials.u}}", "password": "{{credentials.p}}"});
    let (headers, secrets) =
        header(basic.clone(), json!({"u": "Aladdin", "p": "open sesame"})).unwrap();
    assert_eq!(headers[0].1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(
        secrets.contains(&"open sesame".to_owned())
            && secrets.contains(&"QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned())
    );
    assert!(header(basic, json!({"u": "a:b", "p": ""})).is_err());
    let missing = header(json!({"kind": "bearer", "value": "{{credentials.token}}"}), json!({}));
    assert_eq!(
        missing.unwrap_err().to_string(),
        "/auth/value: there is no value `credentials.token`"
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    for bad in [
        "{{",
        "{{}}",
        "{{config}}",
        "{{config.}}",
        "{{config..a}}",
        "{{env.HOME}}",
        "{{config.a b}}",
        "{{ {{config.a}} }}",
        "a {{config.a",
    ] {
        assert!(check("/x", bad).is_err(), "{bad}");
        assert!(referenced(bad).is_empty(), "{bad}");
    }
    for good in ["", "}}", "{", "{{ config.a }}", "{{now}}", "{{config.a.0.b}}x{{credentials.y}}"] {
        assert_eq!(check("/x", good), Ok(()), "{good}");
    }
    assert_eq!(referenced("{{options.a.b}}{{credentials.y}}"), ["config.a.b", "credentials.y"]);
}

proptest! {
    #[test]
    fn no_template_panics(template in "(\\{\\{|\\}\\}|config|credentials|\\.|city|now| |[a-z/?#%é\r\n]){0,12}", value in "\\PC{0,12}") {
        for request in [json!({"path": template}), json!({"url": template}), json!({"headers": {"A": template}}),
            json!({"query": {"a": template}}), json!({"body": {"a": [template]}}), json!({"method": template})] {
            if let Ok(filled) = fill(request, Some("https://h.org"), None, json!({}), json!({"city": value})) {
                prop_assert!(filled.headers.iter().all(|(_, value)| !value.contains(['\r', '\n'])));
            }
        }
        referenced(&template);
    }
}

#[test]
fn what_was_granted_and_captured_is_filled_in() {
    let (credentials, config) = (map(json!({"client_id": "c"})), Map::new());
    let token = map(json!({"access_token": "at 1", "page": {"7": "pt"}}));
    let connection = map(json!({"host": "h.org", "account_id": "7"}));
    let now = Timestamp::from_secs(1_769_860_800);
    let context = Context {
        token: &token,
        connection: &connection,
        ..Context::new(&credentials, &config, now)
    };
    let ask = |request: Value, auth: Value| {
        let auth: Auth = serde_json::from_value(auth).unwrap();
        let request: Request = serde_json::from_value(request).unwrap();
        render(&request, Some("https://{{connection.host}}/v1"), Some(&auth), &context)
    };
    let request =
        json!({"path": "/of/{{connection.account_id}}", "query": {"since": "{{days_ago.31}}"}});
    let plain = ask(request.clone(), json!({"kind": "oauth2"})).unwrap();
    assert_eq!(plain.url.as_str(), "https://h.org/v1/of/7?since=2025-12-31");
    assert_eq!(plain.headers, [("Authorization".to_owned(), "Bearer at 1".to_owned())]);
    assert_eq!(plain.secrets, ["at 1"]);
    let own = json!({"kind": "oauth2", "in": "query", "name": "key", "value": "{{token.page.7}}"});
    let own = ask(request, own).unwrap();
    assert!(own.url.as_str().ends_with("&key=pt"), "{}", own.url);
    assert_eq!((own.headers, own.secrets), (vec![], vec!["pt".to_owned()]));

    let form = json!({"method": "POST", "path": "", "body": {"$form": {"token": "{{token.access_token}}",
        "id": "{{credentials.client_id}}", "n": 1, "many": ["a", "&"]}}});
    let body = ask(form, json!({"kind": "none"})).unwrap().body.unwrap();
    assert_eq!(body.content_type(), "application/x-www-form-urlencoded");
    assert_eq!(body.encoded(), "token=at+1&id=c&n=1&many=a&many=%26");
    for (request, missing) in [
        (json!({"path": "{{token.refresh_token}}"}), "token.refresh_token"),
        (json!({"path": "", "query": {"a": "{{connection.none}}"}}), "connection.none"),
    ] {
        let error = ask(request, json!({"kind": "none"})).unwrap_err();
        assert!(
            matches!(&error, TemplateError::Missing { name, .. } if name == missing),
            "{error}"
        );
    }
    for request in [
        json!({"path": "{{days_ago.x}}"}),
        json!({"path": "{{days_ago.4294967295}}"}),
        json!({"path": "", "body": {"$form": "a=b"}}),
    ] {
        let error = ask(request, json!({"kind": "none"})).unwrap_err();
        assert!(matches!(error, TemplateError::Unfit { .. }), "{error}");
    }
}
