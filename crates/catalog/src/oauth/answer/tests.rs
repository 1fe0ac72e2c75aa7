use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(status: u16, body: Value) -> Result<Granted, Refused> {
    Answer::read(&OAuth::default(), status, &body)
}

#[test]
fn what_the_standard_says_is_read() {
    let body = json!({"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 3600,
        "scope": "a b", "token_type": "Bearer"});
    let granted = read(200, body).unwrap();
    assert_eq!(granted.access_token.expose(), "at-1");
    assert_eq!(granted.refresh_token.unwrap().expose(), "rt-1");
    assert_eq!(granted.expires_in, Some(3600));
    assert_eq!(granted.scopes, Some(vec!["a".to_owned(), "b".to_owned()]));

    let body = json!({"error": "invalid_grant", "error_description": "Token was revoked."});
    let refused = read(400, body).unwrap_err();
    assert_eq!(refused.error, "invalid_grant");
    assert_eq!(refused.description.as_deref(), Some("Token was revoked."));
    assert!(refused.is_invalid_grant);
}

#[test]
fn a_lifetime_is_a_number_above_zero_or_unknown() {
    let lifetime = |value: Value| {
        read(200, json!({"access_token": "t", "expires_in": value})).unwrap().expires_in
    };
    assert_eq!(lifetime(json!("3600")), Some(3600));
    assert_eq!(lifetime(json!(3599.9)), Some(3599));
    assert_eq!(lifetime(json!(1e300)), Some(3_153_600_000));
    assert_eq!(lifetime(json!("99999999999999999999")), Some(3_153_600_000));
    for nothing in [
        json!(null),
        json!(-1),
        json!(0),
        json!("soon"),
        json!(""),
        json!({}),
        json!([1]),
        json!(true),
        json!("NaN"),
    ] {
        assert_eq!(lifetime(nothing.clone()), None, "{nothing}");
    }
}

#[test]
fn what_cannot_be_sent_is_no_token() {
    for token in [
        json!(""),
        json!(null),
        json!(7),
        json!("a b"),
        json!("a\r\nX: y"),
        json!(["a"]),
        json!("x".repeat(MAX_TOKEN + 1)),
    ] {
        let refused = read(200, json!({"access_token": token})).unwrap_err();
        assert_eq!(refused.error, "no_access_token");
        assert!(!refused.is_invalid_grant);
        // The old refresh token is better than one that is none.
        let granted = read(200, json!({"access_token": "t", "refresh_token": token})).unwrap();
        assert!(granted.refresh_token.is_none());
    }
}

#[test]
fn a_failure_is_never_taken_for_an_expiry() {
    let is_invalid = |status: u16, body: Value| read(status, body).unwrap_err().is_invalid_grant;
    assert!(is_invalid(401, json!({"error": "invalid_grant"})));
    assert!(is_invalid(200, json!({"error": "invalid_grant"})));
    assert!(!is_invalid(500, json!({"error": "invalid_grant"})));
    assert!(!is_invalid(429, json!({"error": "invalid_grant"})));
    assert!(!is_invalid(400, json!({"error": "invalid_client"})));
    assert!(!is_invalid(400, json!("<html>invalid_grant</html>")));
    assert!(!is_invalid(503, json!(null)));
    let refused = read(502, json!("<html>Bad gateway</html>")).unwrap_err();
    assert_eq!((refused.error.as_str(), refused.description), ("http_502", None));
    assert_eq!(read(200, json!("<html></html>")).unwrap_err().error, "no_access_token");
    // A token in an answer that is an error is none.
    assert_eq!(read(400, json!({"access_token": "t"})).unwrap_err().error, "http_400");
}

#[test]
fn a_provider_says_where_things_stand() {
    let oauth: OAuth = serde_json::from_value(json!({
        "grants": ["authorization_code"],
        "scopes": {"separator": ","},
        "answer": {
            "access_token": ".data.token",
            "success": ".ok == true",
            "error": ".why.code",
            "error_description": ".why.text",
            "secrets": {"user": ".data.user.token", "none": ".data.none", "broken": ".data.token.x"},
            "invalid_grant": ["token_revoked", "190"],
        },
        "capture": {"host": ".data.host"},
    }))
    .unwrap();
    let read = |body: Value| Answer::read(&oauth, 200, &body);
    let data = json!({"token": "t", "host": "h.example", "user": {"token": "u"}});
    let granted = read(json!({"ok": true, "data": data, "scope": "a,b c"})).unwrap();
    assert_eq!(granted.access_token.expose(), "t");
    assert_eq!(Value::Object(granted.secrets), json!({"user": "u"}));
    assert_eq!(Value::Object(granted.capture), json!({"host": "h.example"}));
    assert_eq!(granted.scopes.unwrap(), ["a", "b", "c"]);
    for code in [json!("token_revoked"), json!(190)] {
        let why = json!({"code": code, "text": "Gone."});
        let refused = read(json!({"ok": false, "data": data, "why": why})).unwrap_err();
        assert!(refused.is_invalid_grant, "{code}");
        assert_eq!(refused.description.as_deref(), Some("Gone."));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let granted = read(200, json!({"access_token": "at-1", "refresh_token": "rt-1"})).unwrap();
    let shown = format!("{granted:?}");
    assert!(!shown.contains("at-1") && !shown.contains("rt-1"), "{shown}");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let inner = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::hash_map("[a-z]{1,6}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let names = prop_oneof![
        Just("access_token"),
        Just("refresh_token"),
        Just("expires_in"),
        Just("scope"),
        Just("error"),
        Just("error_description"),
    ];
    let object = prop::collection::hash_map(names, inner.clone(), 0..6).prop_map(|map| {
        map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
    });
    prop_oneof![object, inner]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_answer_is_granted_or_refused(status in 100..600_u16, body in anything()) {
        match read(status, body) {
            Ok(granted) => {
                prop_assert!((200..300).contains(&status));
                prop_assert!(!granted.access_token.expose().is_empty());
                prop_assert!(granted.expires_in != Some(0));
            }
            Err(refused) => prop_assert!(!refused.error.is_empty()),
        }
    }
}
