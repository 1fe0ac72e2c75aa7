//! Actions: what providers can do, done through the sandbox's chat and playground.

use sandbox::Service;
use serde_json::{Value, json};

use crate::world::{World, text};

/// A credential of the chat that belongs to no integration.
async fn stored(world: &World) -> String {
    let token = world.sandbox.credentials().slack_token.expose().clone();
    let body = json!({
        "name": "Slack Bot", "type": "oauth", "provider": "slack", "data": { "bot_token": token },
    });
    text(&world.post("/api/v1/credentials", body).await["id"])
}

async fn connector(world: &World) -> Value {
    let config = json!({ "api_base": world.url(Service::Slack) });
    let credential = stored(world).await;
    let body =
        json!({ "name": "Team", "type": "slack", "credentialId": credential, "config": config });
    world.post("/api/v1/connectors", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_changed_and_reacted_to() {
    for world in World::all().await {
        let made = connector(&world).await;
        assert!(made["actions"].as_array().unwrap().contains(&json!("send_message")), "{made}");
        let run = async |action: &str, input: Value| {
            let path = format!("/api/v1/integrations/{}/actions/{action}", text(&made["id"]));
            world.owner.post(&path, json!({ "input": input })).await
        };
        let sent = run("send_message", json!({ "channel": "#general", "text": "Grüße" }))
            .await
            .expect(200);
        let output = &sent["output"];
        assert_eq!(
            (&output["channel"], &output["message"]["text"]),
            (&json!("C1H9RESGL"), &json!("Grüße"))
        );
        let change = json!({ "channel": "C1H9RESGL", "ts": output["ts"], "text": "Gruß" });
        assert_eq!(run("update_message", change).await.expect(200)["output"]["text"], "Gruß");
        let reaction = json!({ "channel": "C1H9RESGL", "timestamp": output["ts"], "name": "wave" });
        let added = run("add_reaction", reaction.clone()).await.expect(200);
        assert_eq!(added["output"], json!({ "added": true }));
        let again = run("add_reaction", reaction).await.expect(200);
        assert_eq!(again["output"], json!({ "added": false }));
        assert_eq!(again["warnings"], json!([]));

        let refused =
            run("send_message", json!({ "channel": "C0", "text": "x" })).await.expect(422);
        assert_eq!(refused["code"], "action.failed");
        assert!(text(&refused["detail"]).contains("channel_not_found"), "{refused}");
        let wrong = run("send_message", json!({ "chanel": "C0" })).await.expect(422);
        assert_eq!(wrong["code"], "action.bad_input");
        let pointers: Vec<_> =
            wrong["errors"].as_array().unwrap().iter().map(|it| &it["pointer"]).collect();
        assert!(pointers.contains(&&json!("/input/chanel")), "{wrong}");
        assert_eq!(run("dance", json!({})).await.expect(404)["code"], "action.unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connectors_are_listed_by_type_and_by_instance() {
    for world in World::all().await {
        let types =
            world.owner.get("/api/v1/connectors?available=true&type=slack").await.expect(200);
        let slack = &types["data"][0];
        assert_eq!(
            (&slack["type"], &slack["credential_schema"]["type"]),
            (&json!("slack"), &json!("object"))
        );
        let send =
            slack["actions"].as_array().unwrap().iter().find(|it| it["name"] == "send_message");
        assert_eq!(send.unwrap()["input_schema"]["required"], json!(["channel"]));
        assert_eq!(world.owner.get("/api/v1/connectors").await.expect(200)["data"], json!([]));
        let made = connector(&world).await;
        let listed = world.owner.get("/api/v1/connectors").await.expect(200);
        assert_eq!(listed["data"][0], made);
        assert!(made["credential_id"].is_string());
        let taken =
            json!({ "name": "Two", "type": "slack", "credential_id": made["credential_id"] });
        let refused = world.owner.post("/api/v1/connectors", taken).await.expect(409);
        assert_eq!(refused["code"], "request.conflict");
        let none = json!({ "name": "None", "type": "rss" });
        assert_eq!(
            world.owner.post("/api/v1/connectors", none).await.expect(422)["code"],
            "provider.unknown"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_sends_a_message_as_the_description_prints_it() {
    for world in World::all().await {
        let made = connector(&world).await;
        let workflow = json!({
            "name": "Tell the team",
            "steps": [
                { "name": "send_slack_message", "type": "connector", "config": {
                    "connectorType": "slack", "action": "send_message",
                    "credentialId": made["credential_id"], "channel": "#notifications",
                    "text": "{{ input.who }} says hello" } },
                { "name": "react", "type": "connector", "config": {
                    "connectorType": "slack", "action": "add_reaction", "name": "wave",
                    "channel": "{{ steps.send_slack_message.output.channel }}",
                    "timestamp": "{{ steps.send_slack_message.output.ts }}" } },
            ],
        });
        let workflow = text(&world.post("/api/v1/workflows", workflow).await["id"]);
        let path = format!("/api/v1/workflows/{workflow}/execute");
        let body = json!({ "input": { "who": "Ada" }, "wait": true });
        let run = world.owner.post(&path, body).await.expect(200);
        assert_eq!(run["status"], "succeeded", "{run}");
        let run = world.owner.get(&format!("/api/v1/executions/{}", text(&run["id"]))).await;
        let steps = run.expect(200)["steps"].clone();
        assert_eq!(steps[0]["output"]["message"]["text"], "Ada says hello", "{steps}");
        assert_eq!(steps[1]["output"], json!({ "added": true }), "{steps}");
        // The token that it was sent with is nowhere in what is kept of the run.
        assert!(!steps.to_string().contains("xoxb-"), "{steps}");
    }
}
