//! The rooms that connections live in, as the binary builds them, on SQLite and with a clock that is moved
//! by hand.

use accounts::gate::{Actor, Identity};
use accounts::{Accounts, AccountsConfig};
use anyhow::{Result, anyhow};
use axum::Router;
use axum::body::Body;
use catalog::Catalog;
use connect::{Begun, Connect, ConnectDraft, IntegrationDraft, RequestLogs};
use db::{Db, Options, Worker, args};
use egress::Egress;
use http::Request;
use insight::Insight;
use kernel::{Clock, Entropy, IntegrationId, NewJob, PageRequest, ScopeSet, Secret, Timestamp};
use sandbox::Platform;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vault::MasterKey;

const PUBLIC_URL: &str = "http://patchbay.test";

pub(crate) struct House {
    pub(crate) db: Db,
    /// How many jobs its worker has in hand.
    pub(crate) in_hand: watch::Receiver<usize>,
    connect: Connect,
    identity: Identity,
    callback: Router,
    stop: CancellationToken,
    _rooms: (Accounts, Insight),
    _folder: TempDir,
}

impl House {
    pub(crate) async fn open(clock: &Clock, entropy: Entropy) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("patchbay.db").display());
        let options =
            Options { clock: clock.clone(), entropy: entropy.clone(), ..Options::new(url) };
        let db = Db::open(options).await?;
        db.unlock(&MasterKey::generate(&entropy)).await?;
        let accounts = Accounts::new(db.clone(), AccountsConfig::default()).await?;
        let password = Secret::new("correct horse battery staple".to_owned());
        let owner = accounts.init_owner("bench@example.com", &password, "Bench").await;
        let owner = owner?;

        let logs = Arc::new(RequestLogs::start(db.clone()));
        // The world outside is on loopback.
        let allow_networks = vec!["127.0.0.0/8".parse()?];
        let config = egress::Config { allow_networks, ..egress::Config::default() };
        let egress = Egress::new(config, clock.clone(), entropy, logs)?;
        let catalog = Arc::new(Catalog::embedded()?);
        let connect = Connect::new(db.clone(), catalog, egress, PUBLIC_URL);
        let insight = Insight::new(db.clone(), connect.clone());
        let worker = insight.work(connect.work(Worker::new(db.clone())));
        let (in_hand, stop) = (worker.in_hand(), CancellationToken::new());
        tokio::spawn(worker.run(stop.clone()));
        let identity = Identity {
            workspace: db.workspace(owner.workspace_id),
            actor: Actor::House,
            scopes: ScopeSet::default(),
            role: None,
            instance_owner: true,
            remote_addr: None,
        };
        let callback = connect::open_routes(connect.clone()).split_for_parts().0;
        let _rooms = (accounts, insight);
        Ok(Self { db, in_hand, connect, identity, callback, stop, _rooms, _folder: folder })
    }

    /// An integration with a platform, through an app of this name.
    pub(crate) async fn integrate(
        &self,
        platform: &Platform,
        url: &str,
        app: &str,
    ) -> Result<IntegrationId> {
        let service = platform.service().name();
        let provider = self.connect.catalog().get(service);
        let fields = provider.and_then(|it| it.config.get("properties")?.as_object().cloned());
        // Every address that the provider's configuration has leads into the sandbox.
        let bases = fields.into_iter().flatten().filter(|(name, _)| name.ends_with("_base"));
        let config = bases.map(|(name, _)| (name, json!(url))).collect();
        let credentials = match platform.developer_key() {
            Some(key) => json!({
                "team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key.expose(),
            }),
            None => {
                let secret = format!("the secret of {app}");
                platform.register(app, &secret, Vec::new());
                json!({ "client_id": app, "client_secret": secret })
            }
        };
        let draft = IntegrationDraft {
            name: format!("{service} {app}"),
            provider: service.to_owned(),
            enabled: true,
            config,
            credentials: credentials.as_object().cloned(),
            ..IntegrationDraft::default()
        };
        let made = self.connect.create_integration(&self.identity, draft).await?;
        Ok(made.integration.id)
    }

    /// Connects an account as its owner would, through the pages of the platform.
    pub(crate) async fn connect(
        &self,
        integration: IntegrationId,
        platform: &Platform,
        artist: &str,
    ) -> Result<()> {
        let draft = ConnectDraft { subject: artist.to_owned(), ..ConnectDraft::default() };
        let begun = self.connect.begin(&self.identity, integration, &draft, None).await;
        let Begun::Authorize(url) = begun? else { return Ok(()) };
        let back = platform.agree(url.as_str(), artist).await;
        let back = back.ok_or_else(|| anyhow!("{artist} was not sent back"))?;
        let landed = self.callback.clone().oneshot(Request::get(back).body(Body::empty())?).await?;
        anyhow::ensure!(landed.status().is_success(), "the callback answered {}", landed.status());
        Ok(())
    }

    /// Says of an artist's accounts which artist of the platform they are, where it has to be said.
    pub(crate) async fn choose(&self, platforms: &[Arc<Platform>], artist: &str) -> Result<()> {
        let workspace = &self.identity.workspace;
        let page = PageRequest { limit: 100, after: None };
        for it in self.connect.connections_of(workspace, Some(artist), &page).await? {
            let provider = self.connect.catalog().get(&it.provider);
            let Some(wanted) = provider.and_then(|it| it.metrics.as_ref()?.artist.as_ref()) else {
                continue;
            };
            let platform = platforms.iter().find(|one| one.service().name() == it.provider);
            let Some(platform) = platform else { continue };
            let (mut tx, owner) = (workspace.write().await?, workspace.id());
            // One of whom every account of the platform knows.
            let Some(known) = platform.accounts().into_iter().next() else { continue };
            self.connect.choose(&mut tx, owner, it.id, &wanted.captured_as, &known.id).await?;
            let now = tx.now();
            let payload = Value::Object(Map::new());
            let job = NewJob { kind: insight::SYNC, key: it.id.to_string(), run_at: now, payload };
            tx.enqueue(owner, job).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// When the next job is due; those in hand come due with their lease.
    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>> {
        let mut tx = self.db.system(false).await?;
        let lane = "SELECT min(run_at) FROM jobs WHERE workspace_id = $1 AND lane =";
        let sql = format!("SELECT min(coalesce(({lane} 0), $2), coalesce(({lane} 1), $2)) AS due");
        let never = Timestamp::from_micros(i64::MAX);
        let row = tx.fetch_optional(&sql, args![self.identity.workspace.id(), never]).await?;
        let due = row.map(|row| row.time("due")).transpose()?;
        Ok(due.filter(|due| *due < never))
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.db.close().await;
    }
}
