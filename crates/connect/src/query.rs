//! Questions of the catalog's own, asked with the tokens of one connection: what the room above reads
//! numbers from. Which questions there are is the catalog's business, what they mean is that room's.

use accounts::gate::Actor;
use catalog::Request;
use db::{DbError, Tx, Workspace};
use kernel::{ConnectionId, JobKind, Lane, NewJob, PageRequest, Problem, WorkspaceId, codes};
use serde_json::{Map, Value, json};

use crate::prepare::Given;
use crate::store::connections::{self, Filter};
use crate::{Connect, Connection, Credentials, PullConfig, Whose};

/// Follows the connection whose id is the key: somebody has connected it, or connected it again. This room
/// knows only the name of the job; who handles it, and how, is theirs.
pub const CONNECTED: JobKind = JobKind { name: "connection.connected", lane: Lane::Fast };

/// A question of the catalog's.
pub struct Query<'a> {
    /// With whose tokens.
    pub connection: &'a Connection,
    /// What is asked.
    pub request: &'a Request,
    /// What templates see as `{{connection.…}}`, over what the connection knows.
    pub captured: &'a Map<String, Value>,
    /// What templates see as `{{config.…}}`, over the integration's.
    pub options: &'a Map<String, Value>,
    /// Who goes first.
    pub lane: egress::Lane,
    /// What for, for the audit log.
    pub purpose: &'static str,
    /// Who asks, for the audit log.
    pub actor: &'a Actor,
}

impl Connect {
    /// Asks, once more where the provider found the token expired before we did, and reads the answer.
    ///
    /// # Errors
    /// Those of [`Connect::access`], `feed.template` for a value that is not there, what the way to the
    /// provider said, and what [`Prepared::read`](crate::Prepared::read) refuses.
    pub async fn query(&self, workspace: &Workspace, query: &Query<'_>) -> Result<Value, Problem> {
        let id = query.connection.integration_id;
        let integration = self.integration(workspace, id).await?.filter(|it| it.enabled);
        let Some(integration) = integration else {
            return Err(Problem::new(
                &codes::INTEGRATION_DISABLED,
                "Switch the integration on first.",
            ));
        };
        let whose = Whose { connection: Some(query.connection.id), ..Whose::default() };
        let Query { purpose, actor, .. } = query;
        let credentials = self.access(workspace, &integration, &whose, purpose, actor).await?;
        let pull = PullConfig::default();
        let prepare = |credentials: &Credentials| {
            let mut credentials = credentials.clone();
            if let Some(access) = &mut credentials.access {
                // What was just chosen may be newer than what is in memory.
                access.connection.extend(query.connection.captured.clone());
                access.connection.extend(query.captured.clone());
            }
            let (request, options) = (query.request.clone(), Given::options(query.options));
            let mut prepared =
                self.prepare(workspace, &integration, &pull, request, options, &credentials)?;
            prepared.request.lane = query.lane;
            Ok(prepared)
        };
        let (prepared, response) =
            self.answered(workspace, &integration, &credentials, prepare).await?;
        prepared.read(&response)
    }

    /// A connection as the table has it now.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn known_connection(
        &self,
        workspace: &Workspace,
        id: ConnectionId,
    ) -> Result<Option<Connection>, DbError> {
        let mut tx = workspace.read().await?;
        Ok(connections::get(&mut tx, workspace.id(), id).await?.map(|stored| stored.connection))
    }

    /// A page of connections, newest first and one more than asked: a subject's, or all.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn connections_of(
        &self,
        workspace: &Workspace,
        subject: Option<&str>,
        page: &PageRequest,
    ) -> Result<Vec<Connection>, DbError> {
        let filter = Filter { subject: subject.map(str::to_owned), ..Filter::default() };
        let mut tx = workspace.read().await?;
        connections::list(&mut tx, workspace.id(), &filter, page).await
    }

    /// Keeps a value that a person chose for a connection; templates see it as `{{connection.<name>}}`,
    /// and it outlives reconnects of the same account. False when there is no such connection.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn choose(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: ConnectionId,
        name: &str,
        value: &str,
    ) -> Result<bool, DbError> {
        let Some(stored) = connections::held(tx, workspace, id).await? else { return Ok(false) };
        let mut captured = stored.connection.captured;
        captured.insert(name.to_owned(), json!(value));
        connections::set_captured(tx, workspace, id, &captured).await?;
        Ok(true)
    }

    /// Notes that numbers were read with a connection.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn note_synced(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        id: ConnectionId,
    ) -> Result<(), DbError> {
        connections::note_synced(tx, workspace, id).await
    }

    /// Says that somebody has connected.
    pub(crate) async fn tell_connected(&self, tx: &mut Tx, it: &Connection) -> Result<(), DbError> {
        let (kind, key, run_at) = (CONNECTED, it.id.to_string(), tx.now());
        tx.enqueue(it.workspace, NewJob { kind, key, run_at, payload: json!({}) }).await?;
        self.follow_pushes(tx, it.workspace, &it.provider, it.id).await
    }
}
