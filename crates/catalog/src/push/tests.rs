use serde_json::{Value, json};
use std::path::PathBuf;

use super::*;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog"))
}

fn yaml(path: &std::path::Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_saphyr::from_str(&text).unwrap())
}

#[test]
fn every_push_file_fits_the_schema_and_the_credentials_it_names() {
    let schema = std::fs::read_to_string(folder().join("push.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for entry in std::fs::read_dir(folder().join("providers")).unwrap() {
        let entry = entry.unwrap().path();
        let Some(written) = yaml(&entry.join("push.yaml")) else { continue };
        let id = entry.display();
        let errors: Vec<_> = schema.iter_errors(&written).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{id}");
        let push: Push =
            serde_json::from_value(written).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert_eq!(push.problems(), Vec::<String>::new(), "{id}");
        assert!(!push.setup.is_empty(), "{id} says nothing about its set-up");
        let provider = yaml(&entry.join("provider.yaml")).unwrap_or_default();
        if let Some(fields) = provider["credentials"]["properties"].as_object() {
            for named in push.credential_fields() {
                assert!(fields.contains_key(named), "{id}: credentials have no {named}");
            }
        }
    }
}

fn facebook() -> Push {
    let written = yaml(&folder().join("providers/facebook/push.yaml")).unwrap();
    serde_json::from_value(written).unwrap()
}

fn check(config: Value) -> Result<Check, ConfigError> {
    Check::from_push_config(&facebook(), config.as_object().unwrap())
}

#[test]
fn a_configuration_chooses_the_check() {
    let hub = json!({"signature_header": "X-Hub-Signature", "verify_signature": true});
    for (config, name) in [
        (json!({}), "meta-sha256"),
        (json!({"verify_signature": true, "unsigned": false}), "meta-sha256"),
        (json!({"scheme": "meta-sha1-legacy", "apply": "merge"}), "meta-sha1-legacy"),
        (json!({"unsigned": true}), "unsigned"),
        (json!({"scheme": "unsigned"}), "unsigned"),
        (json!({"verify_signature": false}), "unsigned"),
        (json!({"api_key": {"in": "query", "name": "key"}}), "api-key"),
        (json!({"signature": {"kind": "equals", "header": "X"}}), "custom"),
        (hub.clone(), "custom"),
    ] {
        let check = check(config.clone()).unwrap_or_else(|error| panic!("{config}: {error}"));
        assert_eq!(check.name, name, "{config}");
        assert_eq!(check.signature.is_none(), name == "unsigned", "{config}");
    }
    let known = ["app_secret", "client_secret", "webhook_verify_token"];
    assert_eq!(check(hub).unwrap().secret_fields, known);
    let own = json!({"signature_header": "X-Sig", "signature_algorithm": "sha512", "signature_prefix": "", "signature_encoding": "base64", "secret_field": "mine"});
    let own = check(own).unwrap();
    assert_eq!(own.secret_fields, ["mine"]);
    let spec =
        json!({"kind": "hmac", "hash": "sha512", "sig": {"header": "X-Sig", "encoding": "base64"}});
    assert_eq!(own.signature, serde_json::from_value(spec).unwrap());
}

#[test]
fn nothing_but_the_very_words_switches_the_check_off() {
    for (config, field) in [
        (json!({"unsigned": "false"}), "unsigned"),
        (json!({"unsigned": 1}), "unsigned"),
        (json!({"verify_signature": "no"}), "verify_signature"),
        (json!({"verify_signature": 0}), "verify_signature"),
        (json!({"unsigned": true, "scheme": "meta-sha256"}), "scheme"),
        (json!({"signature_header": "X", "verify_signature": false}), "verify_signature"),
        (json!({"unsigned": true, "secret_field": "a"}), "secret_field"),
        (json!({"scheme": "nowhere"}), "scheme"),
        (json!({"scheme": 3}), "scheme"),
        (json!({"signature": {"kind": "magic"}}), "signature"),
        (json!({"signature_header": ""}), "signature_header"),
        (json!({"signature_header": "X", "signature_algorithm": "md5"}), "signature_algorithm"),
        (json!({"signature_algorithm": "sha1"}), "signature_algorithm"),
        (json!({"api_key": {"in": "body"}}), "api_key"),
        (json!({"api_key": "X-API-Key"}), "api_key"),
    ] {
        assert_eq!(check(config.clone()).map_err(|error| error.field), Err(field), "{config}");
    }
}
