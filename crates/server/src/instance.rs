//! What is known of this instance, and the rotation of its master key.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, Caller, may};
use axum::extract::State;
use futures::future::BoxFuture;
use kernel::{Problem, Timestamp, codes};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::House;

/// Rotates the master key, wherever it is kept.
pub trait Rotate: Send + Sync {
    /// Wraps every data key with a new master key; says how many, or why not in a sentence.
    fn rotate(&self) -> BoxFuture<'_, Result<u64, String>>;
}

/// What the process knows of itself.
#[derive(Clone)]
pub struct InstanceState {
    /// When it was started.
    pub started_at: Timestamp,
    /// Whether the demo world is running.
    pub demo: bool,
    /// Where the master key comes from.
    pub master_key_source: &'static str,
    /// How it is rotated.
    pub rotate: Arc<dyn Rotate>,
}

pub(crate) fn routes(house: &House) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(rotate_master_key))
        .with_state(house.clone())
}

/// This instance.
#[derive(Serialize, ToSchema)]
pub(crate) struct Instance {
    #[schema(example = "0.1.0")]
    version: &'static str,
    database: Database,
    uptime_s: u64,
    demo: bool,
    master_key: MasterKeyView,
    workspace_key: WorkspaceKeyView,
    /// Where providers send the browser back to: to be registered with every OAuth app.
    #[schema(example = "https://patchbay.example/api/v1/oauth/callback")]
    redirect_uri: String,
}

/// The database.
#[derive(Serialize, ToSchema)]
pub(crate) struct Database {
    /// `sqlite` or `postgres`.
    kind: &'static str,
    bytes: u64,
}

/// The master key, told apart but not given away.
#[derive(Serialize, ToSchema)]
pub(crate) struct MasterKeyView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    /// `environment`, `command` or `file`.
    source: &'static str,
}

/// The data key of the caller's workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceKeyView {
    /// Counts up with each rotation.
    version: u32,
}

/// Get this instance
#[utoipa::path(get, path = "/api/v1/instance", tag = "Instance",
    responses((status = 200, body = Instance)), security(("api_key" = ["events:read"])))]
pub(crate) async fn get(
    State(house): State<House>,
    caller: Caller<may::EventsRead>,
) -> Answer<ApiJson<Instance>> {
    let keyring = house.db.keyring();
    Ok(ApiJson(Instance {
        version: env!("CARGO_PKG_VERSION"),
        database: Database {
            kind: if house.db.is_postgres() { "postgres" } else { "sqlite" },
            bytes: house.db.bytes().await?,
        },
        uptime_s: house.db.clock().now().since(house.instance.started_at).as_secs(),
        demo: house.instance.demo,
        master_key: MasterKeyView {
            id: house.db.master_key_id().await?,
            source: house.instance.master_key_source,
        },
        workspace_key: WorkspaceKeyView {
            version: keyring.current_version(caller.workspace.id()).unwrap_or(0),
        },
        redirect_uri: house.connect.redirect_uri(),
    }))
}

/// How a rotation went.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rotated {
    /// How many data keys were wrapped anew.
    data_keys: u64,
}

/// Rotate the master key
///
/// Online: every data key is wrapped anew, nothing that is running notices. For the owner of the
/// instance, and where the key is kept in a file; elsewhere `patchbay keys rotate master` does it.
#[utoipa::path(post, path = "/api/v1/instance/rotate-master-key", tag = "Instance",
    responses((status = 200, body = Rotated)), security(("api_key" = ["admin:full"])))]
pub(crate) async fn rotate_master_key(
    State(house): State<House>,
    caller: Caller<may::Owner>,
) -> Answer<ApiJson<Rotated>> {
    if !caller.instance_owner {
        let detail = "Only the owner of the instance rotates its master key.";
        return Err(Problem::new(&codes::MISSING_ROLE, detail).into());
    }
    let refused = |why: String| Problem::new(&codes::CONFLICT, why);
    let data_keys = house.instance.rotate.rotate().await.map_err(refused)?;
    let mut tx = caller.workspace.write().await?;
    let detail = json!({ "data_keys": data_keys });
    audit::record(&mut tx, &caller, "master_key.rotated", "instance", detail).await?;
    tx.commit().await?;
    Ok(ApiJson(Rotated { data_keys }))
}
