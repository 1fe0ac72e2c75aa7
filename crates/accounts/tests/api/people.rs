//! Setting up, signing in, members and workspaces.

use crate::world::{PASSWORD, Who, World};
use accounts::{AccountsConfig, Rate};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_first_visitor_sets_up_the_owner_once() {
    for world in World::all().await {
        let nobody = Who::default();
        assert_eq!(world.get(&nobody, "/api/v1/setup").await.expect(200), json!({"needed": true}));
        let body = json!({"email": " Ada@Example.com", "password": PASSWORD, "workspace": "Acme"});
        let reply = world.post(&nobody, "/api/v1/setup", body.clone()).await;
        let cookie = reply.header("set-cookie").to_owned();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"), "{cookie}");
        let session = reply.expect(201);
        assert_eq!(session["user"]["email"], "ada@example.com");
        assert_eq!(session["user"]["instance_owner"], true);
        assert_eq!(session["workspaces"][0]["role"], "owner");
        world.post(&nobody, "/api/v1/setup", body).await.expect_problem(409, "auth.setup_done");
        assert_eq!(world.get(&nobody, "/api/v1/setup").await.expect(200), json!({"needed": false}));
        let who = world.sign_in("ADA@example.com", PASSWORD).await;
        let audit = world.get(&who, "/api/v1/audit?action=session.created").await.expect(200);
        assert_eq!(audit["data"].as_array().unwrap().len(), 2);
        assert_eq!(audit["data"][0]["remote_addr"], "192.0.2.7");
    }
}

#[tokio::test]
async fn a_session_is_one_browsers_until_it_ends() {
    for world in World::all().await {
        world.init().await;
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(world.get(&who, "/api/v1/session").await.expect(200)["user"]["name"], "ada");
        let again = world.sign_in("ada@example.com", PASSWORD).await;
        world.delete(&who, "/api/v1/session").await.expect(204);
        world.get(&who, "/api/v1/session").await.expect_problem(401, "auth.unauthenticated");
        world.get(&again, "/api/v1/session").await.expect(200);
        world.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
        world.get(&again, "/api/v1/session").await.expect_problem(401, "auth.unauthenticated");
    }
}

#[tokio::test]
async fn changes_from_other_sites_are_refused() {
    for world in World::all().await {
        world.init().await;
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        let body = || json!({ "name": "Second" });
        let post = async |who: &Who| world.post(who, "/api/v1/workspaces", body()).await;
        let foreign = who.clone().with("origin", "https://evil.example");
        post(&foreign).await.expect_problem(403, "auth.csrf");
        let foreign = who.clone().with("sec-fetch-site", "cross-site");
        post(&foreign).await.expect_problem(403, "auth.csrf");
        post(&who.clone().with("origin", "http://patchbay")).await.expect(201);
        let session = world.sign_in("ada@example.com", PASSWORD).await;
        let cookie = session.header("cookie");
        let bare = Who::default().with("cookie", &cookie);
        world.get(&bare, "/api/v1/members").await.expect(200);
        post(&bare).await.expect_problem(403, "auth.csrf");
        post(&bare.with("x-patchbay-csrf", "wrong")).await.expect_problem(403, "auth.csrf");
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    for world in World::all().await {
        world.init().await;
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        let other = world.sign_in("ada@example.com", PASSWORD).await;
        let change = |current: &str, new: &str| json!({ "current": current, "new": new });
        let path = "/api/v1/session/password";
        let wrong = change("not it, sorry", "a new password");
        world.post(&who, path, wrong).await.expect_problem(422, "request.invalid");
        let short = change(PASSWORD, "short");
        world.post(&who, path, short).await.expect_problem(422, "request.invalid");
        world.post(&who, path, change(PASSWORD, "a new password")).await.expect(204);
        world.get(&who, "/api/v1/session").await.expect(200);
        world.get(&other, "/api/v1/session").await.expect_problem(401, "auth.unauthenticated");
        world.sign_in("ada@example.com", "a new password").await;
    }
}

#[tokio::test]
async fn guessing_passwords_ends_soon() {
    let failed_logins = Rate { requests: 3, window: Duration::from_secs(900) };
    let config = AccountsConfig { failed_logins, ..AccountsConfig::default() };
    for world in World::all_with(config).await {
        world.init().await;
        let guess = async |email: &str, password: &str| {
            let body = json!({ "email": email, "password": password });
            world.post(&Who::default(), "/api/v1/session", body).await
        };
        for email in ["ada@example.com", "nobody@example.com"] {
            for _ in 0..3 {
                guess(email, "wrong").await.expect_problem(401, "auth.bad_login");
            }
            let reply = guess(email, "wrong").await;
            assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
            reply.expect_problem(429, "auth.too_many_logins");
        }
        guess("ada@example.com", PASSWORD).await.expect_problem(429, "auth.too_many_logins");
        world.clock.advance(Duration::from_secs(900));
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        let audit = world.get(&who, "/api/v1/audit?action=session.refused").await.expect(200);
        assert_eq!(audit["data"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn roles_decide_who_manages_whom() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let (admin, _) = world.member(&owner, "grace@example.com", "admin").await;
        let (viewer, seen) = world.member(&admin, "alan@example.com", "viewer").await;
        let body = json!({ "email": "mallory@example.com", "role": "owner" });
        world.post(&admin, "/api/v1/members", body).await.expect_problem(403, "auth.missing_role");
        let body = json!({ "email": "x@example.com", "role": "viewer" });
        world.post(&viewer, "/api/v1/members", body).await.expect_problem(403, "auth.missing_role");
        world.get(&viewer, "/api/v1/members").await.expect(200);
        world.get(&viewer, "/api/v1/api-keys").await.expect_problem(403, "auth.missing_role");

        let path = format!("/api/v1/members/{}", seen["id"].as_str().unwrap());
        let own = json!({ "role": "owner" });
        world.patch(&admin, &path, own).await.expect_problem(403, "auth.missing_role");
        world.patch(&admin, &path, json!({ "role": "admin" })).await.expect(200);
        world.get(&viewer, "/api/v1/api-keys").await.expect(200);
        world.delete(&admin, &path).await.expect(204);
        world.get(&viewer, "/api/v1/members").await.expect_problem(404, "request.not_found");
        world.get(&viewer, "/api/v1/session").await.expect(200);
        let audit = world.get(&owner, "/api/v1/audit?action=member.removed").await.expect(200);
        assert_eq!(audit["data"][0]["subject"], seen["id"]);
    }
}

#[tokio::test]
async fn a_workspace_keeps_an_owner() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let members = world.get(&owner, "/api/v1/members").await.expect(200);
        let path = format!("/api/v1/members/{}", members["data"][0]["id"].as_str().unwrap());
        let less = json!({ "role": "viewer" });
        world.patch(&owner, &path, less.clone()).await.expect_problem(409, "auth.last_owner");
        world.delete(&owner, &path).await.expect_problem(409, "auth.last_owner");
        world.member(&owner, "grace@example.com", "owner").await;
        world.patch(&owner, &path, less).await.expect(200);
        let twice = json!({ "email": "grace@example.com", "role": "viewer" });
        world.post(&owner, "/api/v1/members", twice).await.expect_problem(409, "request.conflict");
    }
}

#[tokio::test]
async fn a_person_moves_between_their_workspaces() {
    for world in World::all().await {
        let (_, first) = world.init().await;
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        world.clock.advance(Duration::from_millis(1));
        let body = json!({ "name": "Acme" });
        let second = world.post(&who, "/api/v1/workspaces", body).await.expect(201);
        assert!(second["slug"].as_str().unwrap().starts_with("acme-"), "{second}");
        let list = world.get(&who, "/api/v1/workspaces").await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 2);
        let path = format!("/api/v1/workspaces/{}", second["id"].as_str().unwrap());
        world.get(&who, &path).await.expect_problem(404, "request.not_found");
        let there = who.clone().with("x-patchbay-workspace", second["id"].as_str().unwrap());
        let renamed = world.patch(&there, &path, json!({ "name": "Other" })).await.expect(200);
        assert_eq!(renamed["name"], "Other");
        world.delete(&there, &path).await.expect(204);
        world.get(&there, &path).await.expect_problem(404, "request.not_found");
        let list = world.get(&who, "/api/v1/workspaces").await.expect(200);
        assert_eq!(
            (list["data"].as_array().unwrap().len(), &list["data"][0]["id"]),
            (1, &json!(first))
        );
    }
}
