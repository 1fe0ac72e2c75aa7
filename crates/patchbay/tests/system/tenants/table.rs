//! Every operation, and what it does when it is asked about somebody else's.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::document::Operation;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    /// It is as if it were not there.
    Hidden,
    /// What it names in its body is as if it were not there.
    Refused,
    /// It is of the instance, for its owner alone.
    Denied,
    /// It lists what there is; nothing of theirs is in it.
    List,
    /// What comes over it is tested by itself.
    Live,
    /// There is nothing of anybody's in it, for this reason.
    Open(&'static str),
}
use Rule::{Denied, Hidden, List, Live, Open, Refused};

pub(crate) struct Row {
    pub(crate) method: &'static str,
    /// As the document has it.
    template: &'static str,
    /// What is asked; `<name>` stands for one of the ids.
    asked: &'static str,
    body: &'static str,
    pub(crate) rule: Rule,
}

impl Row {
    pub(crate) fn operation(&self) -> Operation {
        (self.method.to_owned(), self.template.to_owned())
    }

    pub(crate) fn path(&self, ids: &BTreeMap<String, String>) -> String {
        fill(self.asked, ids)
    }

    pub(crate) fn body(&self, ids: &BTreeMap<String, String>) -> Option<Value> {
        let text = fill(self.body, ids);
        (!self.body.is_empty()).then(|| serde_json::from_str(&text).expect(self.body))
    }

    /// Whether an owner reads something at this path that strangers do not see.
    pub(crate) fn is_read_of_theirs(&self) -> bool {
        let is_stream =
            self.template.ends_with("/events") || self.template.contains("/api/webhooks/");
        let is_mixed = self.asked.contains("<own_");
        self.method == "GET" && self.rule == Hidden && !is_stream && !is_mixed
    }
}

fn fill(text: &str, ids: &BTreeMap<String, String>) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("<{name}>"), id))
}

const OWN: Rule = Open("it makes or shows what is the caller's own");
const NO_TENANT: Rule = Open("it is the same for all");
const SESSION: Rule = Open("it is about the session that comes with it");

/// Method, path in the document, path that is asked, body, rule. Where an operation can be asked in
/// several ways, it has several rows.
pub(crate) fn rows() -> Vec<Row> {
    ROWS.iter()
        .map(|&(method, template, asked, body, rule)| Row { method, template, asked, body, rule })
        .collect()
}

const CREDENTIALS: &str = r#"{"credentials": {"token": "x"}}"#;
const NAME: &str = r#"{"name": "taken over"}"#;
const W_INT: &str = "/api/organizations/{org}/widget-integrations/{id}";
const W_INT_CRED: &str = "/api/organizations/{org}/widget-integrations/{id}/credentials";
const W_INT_TEST: &str = "/api/organizations/{org}/widget-integrations/{id}/test";
const W_INTS: &str = "/api/organizations/{org}/widgets/{widget}/integrations";
const HOOK_CONFIG: &str = "/api/webhooks/widgets/{integration_id}/{widget_config_id}";
const HOOK_FEED: &str = "/api/webhooks/{integration_id}/{feed_id}";
const HOOK_SUB: &str = "/api/webhooks/subscriptions/{integration_id}/{subscription_id}";
const MIXED_SUB: &str = "/api/webhooks/subscriptions/<own_hook>/sub_01kce5v0g0f7nb4x1q2m3n4p5r";
const HOOK: &str = "/api/webhooks/{integration_id}";
const WH_REPLAY: &str = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay";
const MIXED_CONFIG: &str = "/api/webhooks/widgets/<own_hook>/<config>";
const MIXED_FEED: &str = "/api/webhooks/<own_hook>/<pushed>";
const ADDRESS: Rule = Open("an address is public; a push to it brings a signature");
const LANDING: Rule = Open("what comes back from a provider brings a signed state");
const LINK: Rule = Open("whoever holds a link may follow it");

type Line = (&'static str, &'static str, &'static str, &'static str, Rule);

#[rustfmt::skip]
const ROWS: &[Line] = &[
    ("GET", "/api/data-sources", "/api/data-sources", "", List),
    ("POST", "/api/data-sources", "", "", OWN),
    ("DELETE", "/api/data-sources", "/api/data-sources?id=<source>", "", Hidden),
    ("DELETE", "/api/data-sources", "/api/data-sources?id=<int>", "", Hidden),
    ("POST", "/api/fetch-data", "/api/fetch-data", r#"{"sourceId": "<int>", "endpoint": "/rest/echo"}"#, Hidden),
    ("GET", W_INT, "/api/organizations/<org>/widget-integrations/<wint>", "", Hidden),
    ("GET", W_INT, "/api/organizations/<own_org>/widget-integrations/<wint>", "", Hidden),
    ("PUT", W_INT, "/api/organizations/<org>/widget-integrations/<wint>", r#"{"description": "x"}"#, Hidden),
    ("PUT", W_INT, "/api/organizations/<own_org>/widget-integrations/<wint>", r#"{"description": "x"}"#, Hidden),
    ("PUT", W_INT_CRED, "/api/organizations/<org>/widget-integrations/<wint>/credentials", CREDENTIALS, Hidden),
    ("PUT", W_INT_CRED, "/api/organizations/<own_org>/widget-integrations/<wint>/credentials", CREDENTIALS, Hidden),
    ("POST", W_INT_CRED, "/api/organizations/<org>/widget-integrations/<wint>/credentials", CREDENTIALS, Hidden),
    ("POST", W_INT_CRED, "/api/organizations/<own_org>/widget-integrations/<wint>/credentials", CREDENTIALS, Hidden),
    ("POST", W_INT_TEST, "/api/organizations/<org>/widget-integrations/<wint>/test", "", Hidden),
    ("POST", W_INT_TEST, "/api/organizations/<own_org>/widget-integrations/<wint>/test", "", Hidden),
    ("GET", W_INTS, "/api/organizations/<org>/widgets/<widget>/integrations", "", Hidden),
    ("GET", W_INTS, "/api/organizations/<own_org>/widgets/<widget>/integrations", "", Hidden),
    ("GET", W_INTS, "/api/organizations/<own_org>/widgets/board/integrations", "", Hidden),
    ("POST", W_INTS, "/api/organizations/<org>/widgets/<widget>/integrations", r#"{"name": "rss", "integration_type": "pull"}"#, Hidden),
    ("POST", W_INTS, "/api/organizations/<own_org>/widgets/<widget>/integrations", r#"{"name": "rss", "integration_type": "pull"}"#, Hidden),
    ("GET", "/api/v1/api-keys", "/api/v1/api-keys", "", List),
    ("POST", "/api/v1/api-keys", "/api/v1/api-keys", r#"{"name": "x", "scopes": ["feeds:read"], "workspaceId": "<org>"}"#, Hidden),
    ("GET", "/api/v1/api-keys/{id}", "/api/v1/api-keys/<key>", "", Hidden),
    ("DELETE", "/api/v1/api-keys/{id}", "/api/v1/api-keys/<key>", "", Hidden),
    ("PATCH", "/api/v1/api-keys/{id}", "/api/v1/api-keys/<key>", NAME, Hidden),
    ("GET", "/api/v1/api-keys/{id}/usage", "/api/v1/api-keys/<key>/usage", "", Hidden),
    ("GET", "/api/v1/audit", "/api/v1/audit", "", List),
    ("GET", "/api/v1/audit", "/api/v1/audit?subject=<cred>", "", List),
    ("GET", "/api/v1/connections", "/api/v1/connections", "", List),
    ("GET", "/api/v1/connections", "/api/v1/connections?integration_id=<oauth>", "", List),
    ("POST", "/api/v1/connections/validate", "/api/v1/connections/validate", r#"{"subject": "aurel"}"#, List),
    ("GET", "/api/v1/connections/{id}", "/api/v1/connections/<conn>", "", Hidden),
    ("DELETE", "/api/v1/connections/{id}", "/api/v1/connections/<conn>", "", Hidden),
    ("PATCH", "/api/v1/connections/{id}", "/api/v1/connections/<conn>", r#"{"enabled": false}"#, Hidden),
    ("PUT", "/api/v1/connections/{id}/artist", "/api/v1/connections/<conn>/artist", r#"{"id": "x"}"#, Hidden),
    ("POST", "/api/v1/connections/{id}/artist-candidates", "/api/v1/connections/<conn>/artist-candidates", r#"{"name": "x"}"#, Hidden),
    ("POST", "/api/v1/connections/{id}/reconnect", "/api/v1/connections/<conn>/reconnect", r#"{}"#, Hidden),
    ("POST", "/api/v1/connections/{id}/refresh", "/api/v1/connections/<conn>/refresh", "", Hidden),
    ("POST", "/api/v1/connections/{id}/test", "/api/v1/connections/<conn>/test", "", Hidden),
    ("GET", "/api/v1/credentials", "/api/v1/credentials", "", List),
    ("GET", "/api/v1/credentials", "/api/v1/credentials?integration_id=<int>", "", List),
    ("POST", "/api/v1/credentials", "/api/v1/credentials", r#"{"integration_id": "<int>", "credentials": {"token": "x"}}"#, Refused),
    ("POST", "/api/v1/credentials", "/api/v1/credentials", r#"{"integration_id": "<own_int>", "widget_config_id": "<config>", "credentials": {"token": "x"}}"#, Refused),
    ("GET", "/api/v1/credentials/{id}", "/api/v1/credentials/<cred>", "", Hidden),
    ("DELETE", "/api/v1/credentials/{id}", "/api/v1/credentials/<cred>", "", Hidden),
    ("PATCH", "/api/v1/credentials/{id}", "/api/v1/credentials/<cred>", NAME, Hidden),
    ("GET", "/api/v1/credentials/{id}/audit", "/api/v1/credentials/<cred>/audit", "", Hidden),
    ("POST", "/api/v1/credentials/{id}/rotate", "/api/v1/credentials/<cred>/rotate", CREDENTIALS, Hidden),
    ("POST", "/api/v1/credentials/{id}/validate", "/api/v1/credentials/<cred>/validate", "", Hidden),
    ("GET", "/api/v1/deliveries/{id}", "/api/v1/deliveries/<dlv>", "", Hidden),
    ("POST", "/api/v1/deliveries/{id}/replay", "/api/v1/deliveries/<dlv>/replay", "", Hidden),
    ("GET", "/api/v1/drifts", "/api/v1/drifts", "", List),
    ("GET", "/api/v1/events", "/api/v1/events?limit=200", "", List),
    ("GET", "/api/v1/events", "/api/v1/events?subject=<feed>", "", List),
    ("POST", "/api/v1/events", "", "", OWN),
    ("GET", "/api/v1/events/stream", "", "", Live),
    ("GET", "/api/v1/executions", "/api/v1/executions", "", List),
    ("GET", "/api/v1/executions", "/api/v1/executions?workflow_id=<flow>", "", List),
    ("GET", "/api/v1/executions/{id}", "/api/v1/executions/<run>", "", Hidden),
    ("POST", "/api/v1/executions/{id}", "/api/v1/executions/<run>", r#"{"action": "cancel"}"#, Hidden),
    ("POST", "/api/v1/executions/{id}/approve", "/api/v1/executions/<run>/approve", r#"{"approved": true}"#, Hidden),
    ("POST", "/api/v1/executions/{id}/retry", "/api/v1/executions/<run>/retry", r#"{}"#, Hidden),
    ("GET", "/api/v1/feeds", "/api/v1/feeds", "", List),
    ("GET", "/api/v1/feeds", "/api/v1/feeds?integration_id=<int>", "", List),
    ("POST", "/api/v1/feeds", "/api/v1/feeds", r#"{"name": "x", "integration_id": "<int>"}"#, Refused),
    ("GET", "/api/v1/feeds/{id}", "/api/v1/feeds/<feed>", "", Hidden),
    ("DELETE", "/api/v1/feeds/{id}", "/api/v1/feeds/<feed>", "", Hidden),
    ("PATCH", "/api/v1/feeds/{id}", "/api/v1/feeds/<feed>", NAME, Hidden),
    ("GET", "/api/v1/feeds/{id}/data", "/api/v1/feeds/<feed>/data", "", Hidden),
    ("GET", "/api/v1/feeds/{id}/events", "/api/v1/feeds/<feed>/events", "", Hidden),
    ("POST", "/api/v1/feeds/{id}/refresh", "/api/v1/feeds/<feed>/refresh", "", Hidden),
    ("GET", "/api/v1/feeds/{id}/versions", "/api/v1/feeds/<feed>/versions", "", Hidden),
    ("GET", "/api/v1/feeds/{id}/versions/{version}", "/api/v1/feeds/<feed>/versions/1", "", Hidden),
    ("POST", "/api/v1/fetch", "/api/v1/fetch", r#"{"integration_id": "<int>", "path": "/rest/echo"}"#, Hidden),
    ("POST", "/api/v1/fetch", "/api/v1/fetch", r#"{"connection_id": "<conn>", "endpoint": "/me"}"#, Hidden),
    ("POST", "/api/v1/fetch", "/api/v1/fetch", r#"{"integration_id": "<own_int>", "connection_id": "<conn>", "endpoint": "/me"}"#, Hidden),
    ("GET", "/api/v1/graph", "/api/v1/graph", "", List),
    ("GET", "/api/v1/inbound-events", "/api/v1/inbound-events", "", List),
    ("GET", "/api/v1/inbound-events", "/api/v1/inbound-events?integration_id=<hook>", "", List),
    ("GET", "/api/v1/inbound-events", "/api/v1/inbound-events?feed_id=<pushed>", "", List),
    ("GET", "/api/v1/inbound-events/{id}", "/api/v1/inbound-events/<event>", "", Hidden),
    ("POST", "/api/v1/inbound-events/{id}/replay", "/api/v1/inbound-events/<event>/replay", "", Hidden),
    ("GET", "/api/v1/instance", "/api/v1/instance", "", List),
    ("POST", "/api/v1/instance/rotate-master-key", "/api/v1/instance/rotate-master-key", "", Denied),
    ("GET", "/api/v1/integrations", "/api/v1/integrations", "", List),
    ("GET", "/api/v1/integrations", "/api/v1/integrations?widget_id=<widget>", "", List),
    ("POST", "/api/v1/integrations", "/api/v1/integrations", r#"{"name": "x", "provider": "rest", "config": {"base_url": "http://a.b"}, "widget_id": "<widget>"}"#, Refused),
    ("POST", "/api/v1/integrations/test", "", "", NO_TENANT),
    ("POST", "/api/v1/integrations/validate", "", "", NO_TENANT),
    ("GET", "/api/v1/integrations/{id}", "/api/v1/integrations/<int>", "", Hidden),
    ("DELETE", "/api/v1/integrations/{id}", "/api/v1/integrations/<int>", "", Hidden),
    ("PATCH", "/api/v1/integrations/{id}", "/api/v1/integrations/<int>", NAME, Hidden),
    ("PATCH", "/api/v1/integrations/{id}", "/api/v1/integrations/<own_int>", r#"{"widget_id": "<widget>"}"#, Refused),
    ("POST", "/api/v1/integrations/{id}/connect", "/api/v1/integrations/<oauth>/connect", r#"{}"#, Hidden),
    ("POST", "/api/v1/integrations/{id}/connect/device", "/api/v1/integrations/<oauth>/connect/device", r#"{}"#, Hidden),
    ("GET", "/api/v1/integrations/{id}/actions", "/api/v1/integrations/<int>/actions", "", Hidden),
    ("POST", "/api/v1/integrations/{id}/actions/{action}", "/api/v1/integrations/<int>/actions/request", "{}", Hidden),
    ("GET", "/api/v1/connectors", "/api/v1/connectors", "", List),
    ("POST", "/api/v1/connectors", "/api/v1/connectors", r#"{"name": "x", "type": "rest", "credential_id": "<cred>"}"#, Refused),
    ("GET", "/api/v1/integrations/{id}/requests", "/api/v1/integrations/<int>/requests", "", Hidden),
    ("GET", "/api/v1/integrations/{id}/subscriptions", "/api/v1/integrations/<hook>/subscriptions", "", Hidden),
    ("POST", "/api/v1/integrations/{id}/subscriptions", "/api/v1/integrations/<hook>/subscriptions", "{}", Hidden),
    ("DELETE", "/api/v1/integrations/{id}/subscriptions/{subscription_id}", "/api/v1/integrations/<hook>/subscriptions/sub_01kce5v0g0f7nb4x1q2m3n4p5r", "", Hidden),
    ("POST", "/api/v1/integrations/{id}/subscriptions/{subscription_id}/renew", "/api/v1/integrations/<hook>/subscriptions/sub_01kce5v0g0f7nb4x1q2m3n4p5r/renew", "{}", Hidden),
    ("POST", "/api/v1/integrations/{id}/test", "/api/v1/integrations/<int>/test", "{}", Hidden),
    ("GET", "/api/v1/integrations/{id}/webhook", "/api/v1/integrations/<hook>/webhook", "", Hidden),
    ("GET", "/api/v1/kpis", "/api/v1/kpis", "", List),
    ("GET", "/api/v1/live", "", "", Live),
    ("GET", "/api/v1/members", "/api/v1/members", "", List),
    ("POST", "/api/v1/members", "", "", OWN),
    ("DELETE", "/api/v1/members/{id}", "/api/v1/members/<member>", "", Hidden),
    ("PATCH", "/api/v1/members/{id}", "/api/v1/members/<member>", r#"{"role": "admin"}"#, Hidden),
    ("GET", "/api/v1/metrics", "/api/v1/metrics?subject=aurel", "", List),
    ("GET", "/api/v1/metrics.csv", "/api/v1/metrics.csv", "", List),
    ("GET", "/api/v1/notifications", "/api/v1/notifications", "", List),
    ("POST", "/api/v1/notifications/{id}/read", "/api/v1/notifications/<note>/read", "", Hidden),
    ("GET", "/api/v1/oauth/callback", "", "", LANDING),
    ("GET", "/api/v1/players", "/api/v1/players", "", List),
    ("POST", "/api/v1/players", "/api/v1/players", r#"{"name": "x", "widget_config_ids": ["<config>"]}"#, Refused),
    ("GET", "/api/v1/players/{id}", "/api/v1/players/<player>", "", Hidden),
    ("DELETE", "/api/v1/players/{id}", "/api/v1/players/<player>", "", Hidden),
    ("PATCH", "/api/v1/players/{id}", "/api/v1/players/<player>", NAME, Hidden),
    ("PATCH", "/api/v1/players/{id}", "/api/v1/players/<own_player>", r#"{"widget_config_ids": ["<config>"]}"#, Refused),
    ("GET", "/api/v1/providers", "", "", NO_TENANT),
    ("GET", "/api/v1/providers/{id}", "", "", NO_TENANT),
    ("GET", "/api/v1/providers/{id}/icon", "", "", NO_TENANT),
    ("GET", "/api/v1/scopes", "", "", NO_TENANT),
    ("GET", "/api/v1/session", "", "", SESSION),
    ("POST", "/api/v1/session", "", "", SESSION),
    ("DELETE", "/api/v1/session", "", "", SESSION),
    ("POST", "/api/v1/session/password", "", "", SESSION),
    ("GET", "/api/v1/setup", "", "", NO_TENANT),
    ("POST", "/api/v1/setup", "", "", NO_TENANT),
    ("GET", "/api/v1/status", "/api/v1/status", "", List),
    ("GET", "/api/v1/quotas", "/api/v1/quotas", "", List),
    ("GET", "/api/v1/quotas", "/api/v1/quotas?integration_id=<int>", "", List),
    ("GET", "/api/v1/quotas", "/api/v1/quotas?connection_id=<conn>", "", List),
    ("GET", "/api/v1/subjects", "/api/v1/subjects", "", List),
    ("POST", "/api/v1/sync", "/api/v1/sync", r#"{"subject": "aurel"}"#, List),
    ("POST", "/api/v1/sync", "/api/v1/sync", r#"{"everything": true}"#, Denied),
    ("GET", "/api/v1/tasks", "/api/v1/tasks", "", List),
    ("GET", "/api/v1/tasks", "/api/v1/tasks?about=<conn>", "", List),
    ("GET", "/api/v1/tasks/{id}", "/api/v1/tasks/<task>", "", Hidden),
    ("POST", "/api/v1/tasks/{id}/close", "/api/v1/tasks/<task>/close", "", Hidden),
    ("POST", "/api/v1/transform", "", "", NO_TENANT),
    ("GET", "/api/v1/webhooks", "/api/v1/webhooks", "", List),
    ("POST", "/api/v1/webhooks", "", "", OWN),
    ("GET", "/api/v1/webhooks/{id}", "/api/v1/webhooks/<wh>", "", Hidden),
    ("DELETE", "/api/v1/webhooks/{id}", "/api/v1/webhooks/<wh>", "", Hidden),
    ("PATCH", "/api/v1/webhooks/{id}", "/api/v1/webhooks/<wh>", NAME, Hidden),
    ("GET", "/api/v1/webhooks/{id}/deliveries", "/api/v1/webhooks/<wh>/deliveries", "", Hidden),
    ("POST", WH_REPLAY, "/api/v1/webhooks/<wh>/deliveries/<dlv>/replay", "", Hidden),
    ("POST", WH_REPLAY, "/api/v1/webhooks/<own_wh>/deliveries/<dlv>/replay", "", Hidden),
    ("POST", "/api/v1/webhooks/{id}/pause", "/api/v1/webhooks/<wh>/pause", "", Hidden),
    ("POST", "/api/v1/webhooks/{id}/replay", "/api/v1/webhooks/<wh>/replay", r#"{"since": "2026-01-01T00:00:00Z"}"#, Hidden),
    ("POST", "/api/v1/webhooks/{id}/resume", "/api/v1/webhooks/<wh>/resume", "", Hidden),
    ("POST", "/api/v1/webhooks/{id}/rotate-secret", "/api/v1/webhooks/<wh>/rotate-secret", "", Hidden),
    ("POST", "/api/v1/webhooks/{id}/test", "/api/v1/webhooks/<wh>/test", "", Hidden),
    ("GET", "/api/v1/widget-configs", "/api/v1/widget-configs", "", List),
    ("GET", "/api/v1/widget-configs", "/api/v1/widget-configs?widget_id=<widget>", "", List),
    ("POST", "/api/v1/widget-configs", "/api/v1/widget-configs", r#"{"widget_id": "<widget>", "name": "x"}"#, Refused),
    ("POST", "/api/v1/widget-configs", "/api/v1/widget-configs", r#"{"widget_id": "board", "name": "x"}"#, Refused),
    ("GET", "/api/v1/widget-configs/{id}", "/api/v1/widget-configs/<config>", "", Hidden),
    ("DELETE", "/api/v1/widget-configs/{id}", "/api/v1/widget-configs/<config>", "", Hidden),
    ("PATCH", "/api/v1/widget-configs/{id}", "/api/v1/widget-configs/<config>", NAME, Hidden),
    ("GET", "/api/v1/widget-configs/{id}/data", "/api/v1/widget-configs/<config>/data", "", Hidden),
    ("GET", "/api/v1/widget-configs/{id}/data", "/api/v1/widget-configs/<own_config>/data?integration_id=<wint>", "", Hidden),
    ("POST", "/api/v1/widget-configs/{id}/refresh", "/api/v1/widget-configs/<config>/refresh", "", Hidden),
    ("GET", "/api/v1/widgets", "/api/v1/widgets", "", List),
    ("POST", "/api/v1/widgets", "", "", OWN),
    ("GET", "/api/v1/widgets/{id}", "/api/v1/widgets/<widget>", "", Hidden),
    ("GET", "/api/v1/widgets/{id}", "/api/v1/widgets/board", "", Hidden),
    ("DELETE", "/api/v1/widgets/{id}", "/api/v1/widgets/<widget>", "", Hidden),
    ("PATCH", "/api/v1/widgets/{id}", "/api/v1/widgets/<widget>", NAME, Hidden),
    ("GET", "/api/v1/workflows", "/api/v1/workflows", "", List),
    ("POST", "/api/v1/workflows", "", "", OWN),
    ("POST", "/api/v1/workflows/test-step", "", "", NO_TENANT),
    ("POST", "/api/v1/workflows/validate", "", "", NO_TENANT),
    ("GET", "/api/v1/workflows/{id}", "/api/v1/workflows/<flow>", "", Hidden),
    ("DELETE", "/api/v1/workflows/{id}", "/api/v1/workflows/<flow>", "", Hidden),
    ("PATCH", "/api/v1/workflows/{id}", "/api/v1/workflows/<flow>", NAME, Hidden),
    ("POST", "/api/v1/workflows/{id}/execute", "/api/v1/workflows/<flow>/execute", "{}", Hidden),
    ("GET", "/api/v1/workflows/{id}/versions", "/api/v1/workflows/<flow>/versions", "", Hidden),
    ("GET", "/api/v1/workflows/{id}/versions/{version}", "/api/v1/workflows/<flow>/versions/1", "", Hidden),
    ("POST", "/api/v1/workflows/{id}/versions/{version}/restore", "/api/v1/workflows/<flow>/versions/1/restore", "", Hidden),
    ("GET", "/api/v1/workspaces", "/api/v1/workspaces", "", List),
    ("POST", "/api/v1/workspaces", "", "", OWN),
    ("GET", "/api/v1/workspaces/{id}", "/api/v1/workspaces/<org>", "", Hidden),
    ("DELETE", "/api/v1/workspaces/{id}", "/api/v1/workspaces/<org>", "", Hidden),
    ("PATCH", "/api/v1/workspaces/{id}", "/api/v1/workspaces/<org>", NAME, Hidden),
    ("GET", "/api/v1/workspaces/{id}/rotate-key", "/api/v1/workspaces/<org>/rotate-key", "", Hidden),
    ("POST", "/api/v1/workspaces/{id}/rotate-key", "/api/v1/workspaces/<org>/rotate-key", "", Hidden),
    ("GET", HOOK_SUB, MIXED_SUB, "", Hidden),
    ("PUT", HOOK_SUB, MIXED_SUB, "{}", Hidden),
    ("POST", HOOK_SUB, MIXED_SUB, "{}", Hidden),
    ("GET", HOOK_CONFIG, MIXED_CONFIG, "", Hidden),
    ("PUT", HOOK_CONFIG, MIXED_CONFIG, "{}", Hidden),
    ("POST", HOOK_CONFIG, MIXED_CONFIG, "{}", Hidden),
    ("GET", HOOK, "", "", ADDRESS),
    ("PUT", HOOK, "", "", ADDRESS),
    ("POST", HOOK, "", "", ADDRESS),
    ("GET", HOOK_FEED, MIXED_FEED, "", Hidden),
    ("PUT", HOOK_FEED, MIXED_FEED, "{}", Hidden),
    ("POST", HOOK_FEED, MIXED_FEED, "{}", Hidden),
    ("GET", "/auth/{provider}/callback", "", "", LANDING),
    ("GET", "/connect/{token}", "", "", LINK),
    ("GET", "/connect/{token}/go", "", "", LINK),
    ("PUT", "/api/widgets-config/{id}/credentials", "/api/widgets-config/<config>/credentials", CREDENTIALS, Hidden),
    ("POST", "/api/widgets-config/{id}/credentials", "/api/widgets-config/<config>/credentials", CREDENTIALS, Hidden),
    ("GET", "/api/widgets-config/{id}/data", "/api/widgets-config/<config>/data", "", Hidden),
    ("GET", "/api/widgets/{id}/data", "/api/widgets/<config>/data", "", Hidden),
    ("GET", "/api/widgets-config/{id}/events", "/api/widgets-config/<config>/events", "", Hidden),
    ("POST", "/api/widgets-config/{id}/refresh", "/api/widgets-config/<config>/refresh", "", Hidden),
];
