//! What the platforms' files make of answers that are not numbers and not tokens: refusals, pages, candidates
//! and pushes.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use catalog::{Catalog, jq};
use serde_json::{Value, json};

fn run(program: &str, input: Value, config: Value) -> Value {
    let program = jq::compile(program).unwrap();
    jq::run_with(&program, input, config, jq::Limits::default()).unwrap()
}

#[test]
fn an_expired_token_is_told_from_one_that_was_taken_back() {
    let catalog = Catalog::embedded().unwrap();
    let graph = |code: u64, subcode: u64| json!({"error": {"message": "…", "code": code, "error_subcode": subcode}});
    let html = || json!("<html>Bad gateway</html>");
    for (id, status, body, expired, revoked) in [
        ("instagram", 400, graph(190, 463), true, false),
        ("instagram", 400, graph(190, 458), true, true),
        ("instagram", 400, graph(10, 458), false, false),
        ("instagram", 400, json!({"error": "text"}), false, false),
        ("instagram-facebook", 401, Value::Null, true, false),
        ("facebook", 400, graph(190, 460), true, true),
        ("facebook", 400, json!({"error": {"code": 190}}), true, false),
        ("facebook", 502, html(), false, false),
        ("facebook", 400, json!([]), false, false),
        ("tiktok", 401, json!({"error": {"code": "access_token_invalid"}}), true, false),
        ("tiktok", 200, json!({"error": {"code": "ok"}}), false, false),
        ("tiktok", 502, html(), false, false),
        ("lastfm", 200, json!({"error": 9, "message": "Invalid session key"}), true, true),
        ("lastfm", 200, json!({"toptracks": {}}), false, false),
        ("lastfm", 502, html(), false, false),
        ("apple-music", 401, Value::Null, true, false),
        ("apple-music", 403, Value::Null, false, true),
        ("spotify", 401, json!({"error": {"status": 401}}), true, false),
        ("x", 403, json!({"title": "Forbidden"}), false, false),
        ("youtube", 401, html(), true, false),
        ("soundcloud", 500, html(), false, false),
    ] {
        let oauth = catalog.get(id).unwrap().oauth.as_ref().unwrap();
        let says = |program: &Option<String>, unless: bool| match program {
            Some(program) => {
                run(program, json!({"status": status, "body": body}), json!({})) == true
            }
            None => unless,
        };
        assert_eq!(says(&oauth.expired, status == 401), expired, "{id} {status} {body}");
        assert_eq!(says(&oauth.revoked, false), revoked, "{id} {status} {body}");
    }
}

#[test]
fn the_page_is_the_one_that_was_named_or_the_first_that_will_do() {
    let catalog = Catalog::embedded().unwrap();
    let pages = json!({"data": [
        {"id": "1", "name": "Shop", "access_token": "t1"},
        {"id": "2", "name": "Aurel", "access_token": "t2", "instagram_business_account": {"id": "20"}},
        {"id": "3", "name": "Low Tide", "access_token": "t3", "instagram_business_account": {"id": "30"}},
    ]});
    let found = |id: &str, name: &str, answer: &Value, config: Value| {
        let discover = &catalog.get(id).unwrap().oauth.as_ref().unwrap().discover[0];
        let program = discover.capture.get(name).or(discover.secrets.get(name)).unwrap();
        run(program, answer.clone(), config)
    };
    for (config, page, token, instagram) in [
        (json!({}), json!("1"), json!("t1"), json!("20")),
        (json!({"page_id": "3"}), json!("3"), json!("t3"), json!("30")),
        (json!({"page_id": "9"}), Value::Null, Value::Null, Value::Null),
    ] {
        assert_eq!(found("facebook", "page_id", &pages, config.clone()), page);
        assert_eq!(found("facebook", "page_token", &pages, config.clone()), token);
        assert_eq!(found("instagram-facebook", "instagram_id", &pages, config), instagram);
    }
    let none = json!({"data": []});
    assert_eq!(found("facebook", "page_id", &none, json!({})), Value::Null);
    assert_eq!(found("instagram-facebook", "page_id", &none, json!({})), Value::Null);
}

#[test]
fn accounts_artists_and_pushes_are_found() {
    let catalog = Catalog::embedded().unwrap();
    let account = |id: &str, answer: Value| {
        let provider = catalog.get(id).unwrap();
        let account = provider.oauth.as_ref().unwrap().account.as_ref().unwrap();
        let name = run(account.name.as_ref().unwrap(), answer.clone(), json!({}));
        (run(&account.id, answer, json!({})), name)
    };
    let is = |id: &str, name: &str| (json!(id), json!(name));
    let numbered = json!({"user_id": 17_841_400_000_000_000_u64, "id": "1", "username": "aurel"});
    assert_eq!(account("instagram", numbered), is("17841400000000000", "aurel"));
    assert_eq!(
        account("spotify", json!({"id": "aurel", "display_name": null})),
        is("aurel", "aurel")
    );
    let channel = json!({"items": [{"id": "UC1", "snippet": {"title": "Aurel"}}]});
    assert_eq!(account("youtube", channel), is("UC1", "Aurel"));
    assert_eq!(account("lastfm", json!({"session": {"name": "RJ", "key": "k"}})), is("RJ", "RJ"));

    let candidates = |id: &str, answer: Value| {
        let metrics = catalog.get(id).unwrap().metrics.as_ref().unwrap();
        run(&metrics.artist.as_ref().unwrap().candidates, answer, json!({}))
    };
    let spotify =
        json!({"artists": {"items": [{"id": "a", "name": "Aurel", "followers": {"total": 7}}]}});
    let expect = json!([{"id": "a", "name": "Aurel", "followers": 7, "url": null}]);
    assert_eq!(candidates("spotify", spotify), expect);
    assert_eq!(candidates("spotify", json!({})), json!([]));
    let apple = json!({"results": {"artists": {"data": [{"id": "1", "attributes": {"name": "Aurel", "url": "u"}}]}}});
    assert_eq!(candidates("apple-music", apple), json!([{"id": "1", "name": "Aurel", "url": "u"}]));
    assert_eq!(candidates("apple-music", json!({"results": {}})), json!([]));

    for (id, push, accounts) in [
        ("instagram", json!({"entry": [{"id": "7"}, {"id": 7}, {"id": "8"}]}), json!(["7", "8"])),
        ("facebook", json!({"object": "page", "entry": [{"id": "123"}]}), json!(["123"])),
        ("facebook", json!({}), json!([])),
        ("tiktok", json!({"user_openid": "723f"}), json!(["723f"])),
        ("x", json!({"for_user_id": "22"}), json!(["22"])),
        ("x", json!({}), json!([])),
        (
            "youtube",
            json!({"feed": {"entry": {"yt:channelId": "UC1", "title": "t"}}}),
            json!(["UC1"]),
        ),
    ] {
        let metrics = catalog.get(id).unwrap().metrics.as_ref().unwrap();
        assert_eq!(
            run(metrics.pushed_accounts.as_ref().unwrap(), push, json!({})),
            accounts,
            "{id}"
        );
    }
}
