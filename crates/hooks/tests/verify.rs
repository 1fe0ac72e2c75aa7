//! The edges that the vectors leave open.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use catalog::push::{Push, SignatureSpec};
use hooks::verify::handshake::{Effect, Refused, answer};
use hooks::verify::{Invalid, Request, Verified, Verifier, verify};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Secret, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const HEX: &str = "4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3";
const NOW: Timestamp = Timestamp::from_secs(1_614_265_330);

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |&(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.iter().map(pair) {
        headers.append(name, value);
    }
    headers
}

fn check(
    spec: Value,
    secrets: &[&str],
    pairs: &[(&str, &str)],
    body: &[u8],
) -> Result<Verified, Invalid> {
    let spec: SignatureSpec = serde_json::from_value(spec).unwrap();
    let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect();
    let headers = headers(pairs);
    let request = Request { method: "POST", url: "https://h.example/x", headers: &headers, body };
    verify(&spec, &secrets, &request, NOW)
}

fn github() -> Value {
    json!({"kind": "hmac", "hash": "sha256", "sig": {"header": "X-Sig", "prefix": "sha256="}})
}

#[test]
fn signatures_are_read_as_their_senders_write_them() {
    let body = br#"{"foo":"bar"}"#;
    let good = format!("sha256={HEX}");
    let upper = format!("sha256={}", HEX.to_uppercase());
    let check = |secrets: &[&str], pairs: &[(&str, &str)]| check(github(), secrets, pairs, body);
    let index = |result: Result<Verified, _>| result.map(|verified| verified.secret_index);

    assert_eq!(index(check(&["mysecret"], &[("x-sig", &good)])), Ok(0));
    assert_eq!(index(check(&["mysecret"], &[("X-SIG", &upper)])), Ok(0));
    assert_eq!(index(check(&["old", "", "mysecret"], &[("x-sig", &good)])), Ok(2));
    assert_eq!(index(check(&["mysecret"], &[("x-sig", "sha256=00"), ("x-sig", &good)])), Ok(0));
    for (secrets, value, why) in [
        (&["mysecret"][..], &format!(" {good}"), Invalid::Unreadable),
        (&["mysecret"], &format!("{good} "), Invalid::Unreadable),
        (&["mysecret"], &format!("SHA256={HEX}"), Invalid::Unreadable),
        (&["mysecret"], &"sha256=".to_owned(), Invalid::Unreadable),
        (&["mysecret"], &String::new(), Invalid::Unreadable),
        (&["mysecret"], &good[..good.len() - 2].to_owned(), Invalid::Mismatch),
        (&["mysecret "], &good, Invalid::Mismatch),
        (&[""], &good, Invalid::SecretMissing),
        (&[], &good, Invalid::SecretMissing),
    ] {
        assert_eq!(check(secrets, &[("x-sig", value)]), Err(why), "{secrets:?} {value:?}");
    }
    assert_eq!(check(&["mysecret"], &[]), Err(Invalid::Missing("X-Sig".to_owned())));
}

#[test]
fn times_are_read_strictly() {
    let spec = |tolerance: u32| {
        let ts = json!({"from": "header:T", "unit": "s", "tolerance_s": tolerance});
        json!({"kind": "hmac", "hash": "sha256", "sig": {"header": "X-Sig"}, "ts": ts})
    };
    let at = |tolerance, ts: &str| {
        let pairs = [("x-sig", HEX), ("t", ts)];
        check(spec(tolerance), &["mysecret"], &pairs, br#"{"foo":"bar"}"#).map(|_| ())
    };
    assert_eq!(at(300, "1614265030"), Ok(()));
    assert_eq!(at(300, "1614265029"), Err(Invalid::TooOld(1)));
    assert_eq!(at(300, "1614265631"), Err(Invalid::InFuture(1)));
    assert_eq!(at(0, "1"), Ok(()));
    for ts in [
        "",
        "hello",
        "-1614265330",
        "+1614265330",
        "1614265330.5",
        "9223372036854775807",
        "99999999999999999999",
        "１",
        " 1614265330",
    ] {
        let pairs = [("x-sig", HEX)];
        let mut headers = headers(&pairs);
        headers.insert("t", HeaderValue::from_bytes(ts.as_bytes()).unwrap());
        let spec: SignatureSpec = serde_json::from_value(spec(300)).unwrap();
        let request =
            Request { method: "POST", url: "", headers: &headers, body: br#"{"foo":"bar"}"# };
        let result = verify(&spec, &[Secret::new("mysecret".to_owned())], &request, NOW);
        assert_eq!(result, Err(Invalid::TimestampUnreadable), "{ts:?}");
    }
    let twice = [("x-sig", HEX), ("t", "1614265330"), ("t", "1614265331")];
    assert_eq!(
        check(spec(300), &["mysecret"], &twice, br#"{"foo":"bar"}"#),
        Err(Invalid::Ambiguous("T".to_owned()))
    );
}

#[test]
fn equality_needs_something_to_be_equal() {
    let graph = json!({"kind": "equals", "json": "clientState", "each": "value"});
    let body = |text: &str| check(graph.clone(), &["s"], &[], text.as_bytes()).is_ok();
    assert!(body(r#"{"value":[{"clientState":"s"},{"clientState":"s"}]}"#));
    for text in [
        r#"{"value":[]}"#,
        r#"{"value":{}}"#,
        "{}",
        "[]",
        "",
        "\u{0}",
        r#"{"value":[{"clientState":"s"},{}]}"#,
        r#"{"value":[{"clientState":"s"},{"clientState":"t"}]}"#,
        r#"{"value":[{"clientState":["s"]}]}"#,
    ] {
        assert!(!body(text), "{text}");
    }
    let bearer =
        json!({"kind": "equals", "header": "Authorization", "template": "Bearer {secret}"});
    let shown = |value| check(bearer.clone(), &["a", "b"], &[("authorization", value)], b"");
    assert_eq!(shown("Bearer b").unwrap().secret_index, 1);
    assert_eq!(shown("Bearer c"), Err(Invalid::Mismatch));
    assert_eq!(
        check(bearer.clone(), &[""], &[("authorization", "Bearer ")], b""),
        Err(Invalid::SecretMissing)
    );
}

#[test]
fn a_spec_that_cannot_work_is_refused_with_the_reason() {
    let sig = json!({"header": "S"});
    for (spec, why) in [
        (json!({"kind": "hmac", "sig": sig}), "hash must be"),
        (json!({"kind": "ed25519", "hash": "sha256", "sig": sig}), "own hash"),
        (json!({"kind": "hash", "hash": "sha256", "sig": sig}), "{secret}"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": sig, "message": "{ts}.{body}"}), "{ts}"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": sig, "message": "constant"}), "nothing"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": sig, "message": "{nonsense}"}), "no part"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": sig, "exclude": ["a"]}), "no effect"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": {"header": "-"}}), "header or a query"),
        (
            json!({"kind": "hmac", "hash": "sha256", "sig": {"header": "S", "parse": "kv"}}),
            "together",
        ),
        (json!({"kind": "hmac", "hash": "sha256", "key": "rot13", "sig": sig}), "utf8"),
        (json!({"kind": "hmac", "hash": "sha256", "sig": sig, "colour": 1}), "colour"),
        (json!({"kind": "equals"}), "one of"),
        (json!({"kind": "any", "of": []}), "empty"),
        (json!({"kind": "magic"}), "magic"),
    ] {
        let error = serde_json::from_value::<SignatureSpec>(spec.clone()).unwrap_err().to_string();
        assert!(error.contains(why), "{spec}: {error}");
    }
}

fn push(handshake: Value, scheme: Value) -> Push {
    let scheme =
        json!({"name": "s", "title": "S", "secret_fields": ["secret"], "signature": scheme});
    serde_json::from_value(json!({"schemes": [scheme], "handshakes": [handshake]})).unwrap()
}

#[test]
fn an_hmac_is_never_given_for_what_could_be_a_push() {
    let handshake = json!({
        "kind": "hmac-query-base64", "challenge": "query:crc_token", "secret_field": "secret",
        "reply": {"json": {"token": "{answer}"}},
    });
    let push = push(handshake, github());
    let headers = HeaderMap::new();
    let status = |query: &str, secret: Option<&str>| {
        let url = format!("https://h.example/x?{query}");
        let request = Request { method: "GET", url: &url, headers: &headers, body: b"" };
        let credential = |_: &str| secret.map(|secret| Secret::new(secret.to_owned()));
        answer(&push.handshakes, &request, &credential, None, NOW)
            .map(|answer| answer.map(|reply| reply.status))
    };
    assert_eq!(status("crc_token=uzwcfYtzr9", Some("k")), Some(Ok(200)));
    assert_eq!(status("crc_token=YWJj%3D%3D", Some("k")), Some(Ok(200)));
    assert_eq!(status("crc_token=%7B%22a%22%3A1%7D", Some("k")), Some(Err(Refused::Challenge)));
    assert_eq!(status("crc_token=v0:1700000000:x", Some("k")), Some(Err(Refused::Challenge)));
    assert_eq!(status("crc_token=12345", Some("k")), Some(Err(Refused::Challenge)));
    assert_eq!(status("crc_token=abc", None), Some(Err(Refused::Secret)));
    assert_eq!(status("crc_token=abc", Some("")), Some(Err(Refused::Secret)));
    assert_eq!(status("crc_token=", Some("k")), None);
    assert_eq!(status("other=1", Some("k")), None);
}

#[test]
fn a_secret_is_captured_once_and_a_signed_handshake_must_be_signed() {
    let capture = json!({
        "kind": "capture-secret", "challenge": "body:verification_token", "secret_field": "secret",
    });
    let signed = json!({"kind": "accept", "signed": true, "when": {"header": {"X-State": "sync"}}});
    let token = json!({"kind": "equals", "header": "X-Token"});
    let (capture, signed) = (push(capture, github()), push(signed, token));
    let none = HeaderMap::new();
    let body = br#"{"verification_token":"secret_abc"}"#;
    let request = Request { method: "POST", url: "", headers: &none, body };
    let stored = |_: &str| Some(Secret::new("first".to_owned()));
    assert!(answer(&capture.handshakes, &request, &stored, None, NOW).is_none());
    let reply = answer(&capture.handshakes, &request, &|_| None, None, NOW).unwrap().unwrap();
    let Effect::CaptureSecret { field, secret } = reply.effect else { panic!("not captured") };
    assert_eq!((field.as_str(), secret.expose().as_str()), ("secret", "secret_abc"));

    let spec = &signed.schemes[0].signature;
    let verifier = Verifier::new(spec, &[Secret::new("first".to_owned())]);
    let ask = |token: &str, verifier: Option<&Verifier>| {
        let headers = headers(&[("x-state", "sync"), ("x-token", token)]);
        let request = Request { method: "POST", url: "", headers: &headers, body: b"" };
        answer(&signed.handshakes, &request, &stored, verifier, NOW).is_some()
    };
    assert!(ask("first", Some(&verifier)));
    assert!(!ask("second", Some(&verifier)));
    assert!(!ask("first", None));
}

fn any_spec() -> impl Strategy<Value = SignatureSpec> {
    let file: Vec<Value> = serde_json::from_str(include_str!("data/webhook-vectors.json")).unwrap();
    let specs =
        file.into_iter().filter_map(|vector| serde_json::from_value(vector["spec"].clone()).ok());
    prop::sample::select(specs.collect::<Vec<_>>())
}

/// A header's value with the shapes that parsers look for.
const VALUE: &str = "(t=[0-9]{0,20},?|v1[=,]|s=|sha256=|[a-f0-9]{0,70}|[ -~]{0,20}){0,4}";

proptest! {
    #[test]
    fn nothing_that_comes_in_makes_it_panic(
        spec in any_spec(),
        secret in ".{0,40}",
        url in "(https?://)?[ -~é]{0,60}",
        value in VALUE,
        ts in "([0-9]{0,22}|.{0,8})",
        body in prop::collection::vec(any::<u8>(), 0..80),
        now in any::<i64>(),
    ) {
        let mut headers = HeaderMap::new();
        let names = [
            "x-hub-signature-256", "x-hub-signature", "x-slack-signature", "stripe-signature",
            "webhook-signature", "x-signature-ed25519", "x-hubspot-signature-v3",
            "x-twilio-signature", "x-webhook-signature", "linear-signature",
            "x-zendesk-webhook-signature", "tiktok-signature", "authorization", "webhook-id",
        ];
        for name in names {
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        for name in ["x-slack-request-timestamp", "webhook-timestamp", "x-signature-timestamp",
            "x-hubspot-request-timestamp", "x-zendesk-webhook-signature-timestamp"] {
            if let Ok(ts) = HeaderValue::from_bytes(ts.as_bytes()) {
                headers.insert(name, ts);
            }
        }
        let request = Request { method: "POST", url: &url, headers: &headers, body: &body };
        let secrets = [Secret::new(secret)];
        prop_assert!(verify(&spec, &secrets, &request, Timestamp::from_micros(now)).is_err());
    }

    #[test]
    fn any_text_is_a_spec_or_an_error(text in ".{0,60}", kind in "(hmac|hash|ed25519|equals|any)") {
        let spec = json!({"kind": kind, "hash": "sha256", "key": text, "message": text,
            "sig": {"header": text, "prefix": text}, "ts": {"from": text}});
        drop(serde_json::from_value::<SignatureSpec>(spec));
    }
}
