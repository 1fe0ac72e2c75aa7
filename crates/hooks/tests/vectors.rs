//! Every vector of `data/webhook-vectors.json`, with its own spec and with the catalog's.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use catalog::Catalog;
use catalog::push::Push;
use hooks::verify::vectors::run;
use kernel::Timestamp;
use serde_json::{Value, json};
use std::sync::LazyLock;

const FILE: &str = include_str!("data/webhook-vectors.json");
const NOW: Timestamp = Timestamp::from_secs(1_795_219_200);

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

fn provider(id: &str) -> Option<Push> {
    CATALOG.get(id)?.push.clone()
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(FILE).unwrap()
}

fn verdict(vector: &Value) -> Result<(), String> {
    let outcomes = run(&json!([vector]).to_string(), &provider, NOW).unwrap();
    outcomes.into_iter().next().unwrap().verdict
}

fn assert_all(vectors: &[Value]) {
    for vector in vectors {
        let verdict = verdict(vector);
        assert_eq!(verdict.is_ok(), vector["valid"] == true, "{}: {verdict:?}", vector["id"]);
    }
}

#[test]
fn every_vector_has_its_verdict() {
    assert_all(&vectors());
}

#[test]
fn the_catalog_has_a_scheme_for_every_vector_and_gives_the_same_verdict() {
    let mut vectors = vectors();
    for vector in vectors.iter_mut().filter(|vector| !vector["spec"].is_null()) {
        let id = match vector["provider"].as_str().unwrap() {
            "generic" => "webhook",
            id => id,
        };
        let push = provider(id).unwrap_or_else(|| panic!("no provider {id}"));
        let scheme = vector["scheme"].as_str().unwrap();
        assert!(push.scheme(scheme).is_some(), "{id} has no scheme {scheme}");
        vector.as_object_mut().unwrap().remove("spec");
    }
    assert_all(&vectors);
}

#[test]
fn a_refused_handshake_says_why() {
    let refused = vectors().into_iter().find(|vector| vector["id"] == "facebook-handshake-02");
    let why = "the handshake is refused: it shows another token than the one stored here";
    assert_eq!(verdict(&refused.unwrap()).unwrap_err(), why);
}

/// Nothing that was valid survives another secret, another body, or another URL where it is signed.
#[test]
fn a_changed_vector_is_refused() {
    let mut mutants = 0;
    for vector in vectors() {
        if vector["valid"] != true || vector["spec"].is_null() {
            continue;
        }
        let message = vector["spec"]["message"].as_str().unwrap_or("{body}");
        let signed = vector["spec"]["kind"] != "equals";
        let mut fields = vec!["secret"];
        if signed && (message.contains("{body}") || message == "twilio") {
            fields.push("body");
        }
        if ["{url}", "twilio", "query"].iter().any(|part| message.contains(part)) {
            fields.push("url");
        }
        for field in fields {
            let mut mutant = vector.clone();
            let text = vector[field].as_str().unwrap_or_default();
            mutant[field] = mutated(field, text).into();
            assert!(verdict(&mutant).is_err(), "{} survives another {field}", vector["id"]);
            mutants += 1;
        }
    }
    assert!(mutants > 60, "only {mutants}");
}

fn mutated(field: &str, text: &str) -> String {
    match field {
        "url" => {
            text.replacen(".com", ".org", 1).replacen("=1", "=2", 1).replacen("id=", "id=x", 1)
        }
        "body" if text.is_empty() => "x".to_owned(),
        _ => {
            let at = text.char_indices().nth(text.chars().count() / 2).unwrap();
            let other = if at.1 == 'A' { "B" } else { "A" };
            format!("{}{other}{}", &text[..at.0], &text[at.0 + at.1.len_utf8()..])
        }
    }
}

#[test]
fn a_bad_file_is_told_from_a_bad_vector() {
    assert!(run("{}", &provider, NOW).is_err());
    assert!(run("not JSON", &provider, NOW).is_err());
    let bad = r#"[{"id": "a", "spec": {"kind": "magic"}}, {"scheme": "nowhere"}, 3]"#;
    let outcomes = run(bad, &provider, NOW).unwrap();
    let lines: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    assert!(lines[0].starts_with("a invalid the vector cannot be read: "), "{lines:?}");
    assert!(lines[1].starts_with("#1 invalid the catalog has no provider"), "{lines:?}");
    assert!(lines[2].starts_with("#2 invalid "), "{lines:?}");
}

#[test]
fn every_push_file_of_the_catalog_is_sound() {
    let mut found = 0;
    for provider in CATALOG.iter() {
        if let Some(push) = &provider.push {
            assert_eq!(push.problems(), Vec::<String>::new(), "{}", provider.id);
            found += 1;
        }
    }
    assert!(found >= 28, "only {found}");
}
