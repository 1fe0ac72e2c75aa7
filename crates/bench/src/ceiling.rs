//! The raw ceiling of durable pushes: the rows of an inbox, sealed, in multi-row inserts of one
//! transaction each, one after the other; no HTTP, no signature, nobody waiting for a single row. With
//! so many senders of whom each waits for its answer, a transaction has as many rows at most.

use anyhow::Result;
use db::{Db, Options, Tx, Value, Workspace, args};
use kernel::{Entropy, InboundId, IntegrationId, Timestamp};
use std::time::{Duration, Instant};
use vault::MasterKey;

use crate::house::House;
use crate::pushes::body;

/// Rows in a statement, where each value is a bind.
const ROWS_IN_VALUES: usize = 64;
const WIDTH: usize = 15;

/// The database of a house, written past the house.
pub(crate) struct Ceiling {
    db: Db,
    workspace: Workspace,
    integration: IntegrationId,
}

impl Ceiling {
    pub(crate) async fn open(house: &House) -> Result<Self> {
        let db = Db::open(Options::new(house.database_url())).await?;
        let workspace = db.workspace(house.workspace.parse()?);
        // Nobody will open these rows, so a key of our own will do.
        let master = MasterKey::generate(&Entropy::System);
        let key = db.keyring().generate(&master, workspace.id(), 1)?;
        db.keyring().add(&master, &key)?;
        let integration = IntegrationId::generate(db.clock().now(), db.entropy());
        Ok(Self { db, workspace, integration })
    }

    /// How many rows a second become durable in transactions of so many.
    pub(crate) async fn measure(&self, rows: usize, time: Duration) -> Result<f64> {
        let body = body(1024);
        let make = || async { self.rows(rows, &body) };
        let mut ready = make().await?;
        let begin = Instant::now();
        let mut written = 0;
        while begin.elapsed() < time {
            // The next batch is sealed while this one is being written.
            let (done, next) = tokio::join!(write(&self.db, ready), make());
            done?;
            ready = next?;
            written += rows;
        }
        Ok(written as f64 / begin.elapsed().as_secs_f64())
    }

    fn rows(&self, rows: usize, body: &[u8]) -> Result<Vec<Columns>> {
        let now = self.db.clock().now();
        let row = |_| {
            let id = InboundId::generate(now, self.db.entropy());
            let sealed = self.workspace.seal("inbound_event", &id, body)?;
            Ok(columns(&self.workspace, id, self.integration, now, sealed, body.len()))
        };
        (0..rows).map(row).collect()
    }

    pub(crate) async fn close(self) {
        self.db.close().await;
    }
}

type Columns = [Value; WIDTH];

fn columns(
    workspace: &Workspace,
    id: InboundId,
    integration: IntegrationId,
    now: Timestamp,
    sealed: Vec<u8>,
    bytes: usize,
) -> Columns {
    let event_id = id.to_string();
    let kind = "application/json";
    let headers = format!("{{\"content-type\":\"{kind}\",\"x-webhook-id\":\"{event_id}\"}}");
    let values = args![
        workspace.id(),
        id,
        integration,
        Value::Text(None),
        "webhook",
        event_id,
        "bench.measured",
        now,
        "stored",
        "generic-hmac-sha256-hex",
        kind,
        bytes,
        sealed,
        headers,
        "127.0.0.1"
    ];
    values.try_into().unwrap_or_else(|_| unreachable!("as many values as columns"))
}

async fn write(db: &Db, rows: Vec<Columns>) -> Result<()> {
    let mut tx = db.system(true).await?;
    if db.is_postgres() {
        insert_unnest(&mut tx, rows).await?;
    } else {
        let mut rows = rows.into_iter();
        loop {
            let values: Vec<Value> = rows.by_ref().take(ROWS_IN_VALUES).flatten().collect();
            if values.is_empty() {
                break;
            }
            insert_values(&mut tx, values).await?;
        }
    }
    Ok(tx.commit().await?)
}

const INSERT: &str = "INSERT INTO inbound_events (workspace_id, id, integration_id, feed_id, \
     provider, event_id, event_type, received_at, state, verified_by, content_type, bytes, sealed, \
     headers, remote_addr)";

async fn insert_values(tx: &mut Tx, values: Vec<Value>) -> Result<()> {
    let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
    let rows: Vec<_> = places.chunks(WIDTH).map(|row| format!("({})", row.join(","))).collect();
    tx.execute(&format!("{INSERT} VALUES {}", rows.join(",")), values).await?;
    Ok(())
}

async fn insert_unnest(tx: &mut Tx, rows: Vec<Columns>) -> Result<()> {
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); WIDTH];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let types = |column: &Vec<Value>| match column.first() {
        Some(Value::Int(_)) => "bigint",
        Some(Value::Blob(_)) => "bytea",
        _ => "text",
    };
    let places = columns.iter().enumerate().map(|(at, it)| format!("${}::{}[]", at + 1, types(it)));
    let places = places.collect::<Vec<_>>().join(",");
    let values = columns.into_iter().map(array).collect();
    tx.execute(&format!("{INSERT} SELECT * FROM UNNEST({places})"), values).await?;
    Ok(())
}

fn array(column: Vec<Value>) -> Value {
    let (mut texts, mut ints, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for value in column {
        match value {
            Value::Int(int) => ints.push(int),
            Value::Blob(blob) => blobs.extend(blob),
            Value::Text(text) => texts.push(text),
            other => unreachable!("an inbox has no column for {other:?}"),
        }
    }
    match (texts.is_empty(), ints.is_empty()) {
        (false, _) => Value::Texts(texts),
        (_, false) => Value::Ints(ints),
        _ => Value::Blobs(blobs),
    }
}
