//! What the operator sees at `/metrics` after some traffic.

use sandbox::{Faults, Service};
use serde_json::json;

use crate::running::eventually;
use crate::world::{World, push};

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted() {
    for world in World::all().await {
        let rest = world.rest().await;
        let (pulled, _) = world.feed(&rest, json!({ "pull": { "path": "/rest/echo" } })).await;
        world.data_when(&pulled, "a version", |data| data["version"] == 1).await;
        world.faults(Service::Rest, Faults { server_error: true, ..Faults::default() });
        world.owner.post(&format!("/api/v1/feeds/{pulled}/refresh"), json!({})).await;
        let hook = world.webhook("hush", json!({})).await;
        let (_, path) = world.feed(&hook, json!({ "mode": "push" })).await;
        push(&world.owner, &path, "hush", &json!({ "n": 1 })).await.expect(200);
        push(&world.owner, &path, "guess", &json!({ "n": 2 })).await.expect(401);

        // A job is counted when it has ended, a pull when its answer is there.
        let wanted = [
            "http_requests_total{route=\"/api/v1/feeds\",method=\"POST\",status=\"2xx\"} 2",
            "http_seconds_bucket{le=\"+Inf\",route=\"/api/v1/feeds\",method=\"POST\"} 2",
            "egress_requests_total{outcome=\"2xx\"} 1",
            "egress_requests_total{outcome=\"5xx\"} 1",
            "egress_seconds_count 2",
            "egress_coalesced_total 0",
            "egress_circuits_opened_total 0",
            "queue_claimed_total{kind=\"feed.apply\"} 1",
            "queue_ended_total{kind=\"feed.apply\",outcome=\"finished\"} 1",
            "queue_lag_seconds_count{kind=\"feed.apply\"} 1",
            "webhooks_accepted_total 1",
            "webhooks_rejected_total{reason=\"webhook.signature_invalid\"} 1",
            "inbox_seconds_count 1",
            "inbox_failed_total 0",
        ];
        eventually("all of it is counted", async || {
            let text = world.server.client.get("/metrics").await.text();
            let is_said = |line: &&str| text.contains(&format!("\npatchbay_{line}\n"));
            wanted.iter().all(is_said).then_some(())
        })
        .await;
    }
}
