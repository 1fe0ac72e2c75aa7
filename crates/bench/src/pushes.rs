//! Signed pushes of 1 KiB, durable before they are answered, beside the raw ceiling of the same rows.

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::hmac;
use serde_json::json;
use std::time::Duration;

use crate::ceiling;
use crate::client::{Client, text};
use crate::house::House;
use crate::load::{Load, NUMBER, Request};
use crate::postgres::Postgres;
use crate::table::{Table, Target, ms};

const CONNECTIONS: usize = 64;
/// For comparison: what no 64 senders can fill.
const BULK: usize = 512;
const SECRET: &str = "whsec-bench-4f9d2c81";
const LARGEST_WAL: f64 = 64.0;

pub(crate) async fn measure(table: &mut Table, quick: bool) -> Result<()> {
    table.section("Signed pushes of 1 KiB, 64 connections, durable, on SQLite")?;
    on(table, &House::new(None)?, quick).await?;
    table.section("The same on PostgreSQL")?;
    match Postgres::start() {
        Ok(postgres) => on(table, &House::new(Some(&postgres.url))?, quick).await,
        Err(error) => table.note("left out", format!("{error:#}")),
    }
}

async fn on(table: &mut Table, house: &House, quick: bool) -> Result<()> {
    let time = Duration::from_secs(if quick { 3 } else { 10 });
    let bulk = ceiling::measure(house, BULK, time / 2).await?;
    table.note("multi-row inserts without HTTP, 512 rows a commit", format!("{bulk:.0}/s"))?;
    let ceiling = ceiling::measure(house, CONNECTIONS, time / 2).await?;
    table.note("ceiling: the same, 64 rows a commit", format!("{ceiling:.0}/s"))?;
    let running = house.serve().await?;
    let sender = Sender::new(&running.client).await?;
    let addresses = [
        ("to the inbox", format!("/api/webhooks/{}", sender.integration)),
        ("to a widget's feed", sender.path.clone()),
    ];
    for (name, path) in addresses {
        let request = sender.request(&path, &body(1024)).numbered();
        let warm_up = Duration::from_millis(500);
        let addr = running.client.addr;
        let load = Load { addr, connections: CONNECTIONS, request, status: 200, warm_up, time };
        let (report, wal) = tokio::join!(load.run(), largest(house, warm_up + time));
        let report = report.context("pushing")?;
        table.note(&format!("{name}: Patchbay"), format!("{:.0}/s", report.per_second()))?;
        let ratio = report.per_second() / ceiling;
        table.figure(&format!("{name}: throughput"), ratio, "×", Target::AtLeast(0.3))?;
        let p99 = ms(report.percentile(0.99));
        table.figure(&format!("{name}: p99"), p99, " ms", Target::AtMost(20.0))?;
        if let Some(wal) = wal {
            let name = format!("{name}: largest WAL in {} s", time.as_secs());
            table.figure(&name, wal, " MB", Target::AtMost(LARGEST_WAL))?;
        }
    }
    running.process.end()
}

/// The largest size of the write-ahead log that is seen meanwhile, in MB.
async fn largest(house: &House, time: Duration) -> Option<f64> {
    let until = tokio::time::Instant::now() + time;
    let mut largest = None;
    while tokio::time::Instant::now() < until {
        let bytes = std::fs::metadata(house.wal()).ok().map(|wal| wal.len());
        largest = largest.max(bytes);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    largest.map(|bytes| bytes as f64 / f64::from(1 << 20))
}

/// A document of about this many bytes.
pub(crate) fn body(bytes: usize) -> Vec<u8> {
    let filling = "x".repeat(bytes.saturating_sub(60));
    json!({ "type": "bench.measured", "value": 21.5, "filling": filling }).to_string().into()
}

/// A sender of signed webhooks and the widget that shows them.
pub(crate) struct Sender {
    pub(crate) integration: String,
    pub(crate) widget_config: String,
    path: String,
}

impl Sender {
    pub(crate) async fn new(client: &Client) -> Result<Self> {
        let slug = format!("bench-{}", std::process::id());
        let widget = json!({ "slug": slug, "name": "Bench" });
        let widget = text(&client.post("/api/v1/widgets", &widget).await?, "id")?;
        let integration = json!({
            "name": "Bench", "provider": "webhook", "widget_id": widget,
            "credentials": { "secret": SECRET },
        });
        let integration = text(&client.post("/api/v1/integrations", &integration).await?, "id")?;
        let config = json!({ "widget_id": widget, "name": "Bench" });
        let widget_config = text(&client.post("/api/v1/widget-configs", &config).await?, "id")?;
        let path = format!("/api/webhooks/widgets/{integration}/{widget_config}");
        Ok(Self { integration, widget_config, path })
    }

    /// A signed push. Its event id is not signed, so that it can differ each time.
    fn request(&self, path: &str, body: &[u8]) -> Request {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hex::encode(hmac::sign(&key, body));
        let headers = [
            ("content-type", "application/json"),
            ("x-webhook-signature", &signature),
            ("x-webhook-id", NUMBER),
        ];
        Request::new("POST", path, &headers, body)
    }

    /// Pushes once, to the widget.
    pub(crate) async fn push(&self, client: &Client, body: &[u8]) -> Result<()> {
        let answer = client.send_request(self.request(&self.path, body)).await?;
        if answer.status != 200 {
            bail!(
                "a push was answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(())
    }
}
