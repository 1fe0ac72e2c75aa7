//! Signed pushes of 1 KiB, durable before they are answered, beside the raw ceiling of the same rows.

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::hmac;
use serde_json::json;
use std::time::Duration;

use crate::ceiling::Ceiling;
use crate::client::{Client, text};
use crate::house::{House, Running};
use crate::load::{Load, NUMBER, Report, Request};
use crate::postgres::Postgres;
use crate::table::{Table, Target, median, ms};

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
    let (rounds, secs) = if quick { (3, 1) } else { (5, 4) };
    let time = Duration::from_secs(secs);
    let running = house.serve().await?;
    let sender = Sender::new(&running.client).await?;
    let ceiling = Ceiling::open(house).await?;
    let bulk = ceiling.measure(BULK, time).await?;
    let inbox = sender.load(&running, &format!("/api/webhooks/{}", sender.integration), time);
    let feed = sender.load(&running, &sender.path, time);
    let (mut ceilings, mut to_inbox, mut to_feed) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that what else the machine does meets all of them.
    for _ in 0..rounds {
        ceilings.push(ceiling.measure(CONNECTIONS, time).await?);
        to_inbox.push(watch(house, &running, inbox.clone()).await?);
        to_feed.push(watch(house, &running, feed.clone()).await?);
        // The last pushes are still being applied.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    ceiling.close().await;
    table.note("multi-row inserts without HTTP, 512 rows a commit", rate(bulk))?;
    table.note("ceiling: the same, 64 rows a commit", rate(median(ceilings.clone())))?;
    for (name, seen) in [("to the inbox", to_inbox), ("to a widget's feed", to_feed)] {
        let of = |figure: fn(&Report) -> f64| median(seen.iter().map(|it| figure(&it.0)).collect());
        table.note(&format!("{name}: Patchbay"), rate(of(Report::per_second)))?;
        let ratios = seen.iter().zip(&ceilings).map(|(it, ceiling)| it.0.per_second() / ceiling);
        let name_of = |what: &str| format!("{name}: {what}");
        let ratio = median(ratios.collect());
        table.figure(&name_of("throughput"), ratio, "×", Target::AtLeast(0.3))?;
        let p99 = of(|report| ms(report.percentile(0.99)));
        table.figure(&name_of("p99"), p99, " ms", Target::AtMost(20.0))?;
        let cpu = of(|report| report.cpu_per_answer.as_secs_f64() * 1e6);
        table.note(&name_of("CPU for a push"), format!("{cpu:.1} µs"))?;
        if let Some(wal) = seen.iter().filter_map(|it| it.1).reduce(f64::max) {
            let name = name_of(&format!("largest WAL in {} s", rounds * secs));
            table.figure(&name, wal, " MB", Target::AtMost(LARGEST_WAL))?;
        }
    }
    running.process.end()
}

fn rate(per_second: f64) -> String {
    format!("{per_second:.0}/s")
}

/// Sends a load, and sees how large the write-ahead log gets meanwhile.
async fn watch(house: &House, running: &Running, load: Load) -> Result<(Report, Option<f64>)> {
    let time = load.warm_up + load.time;
    let (report, wal) = tokio::join!(load.run(&running.process), largest(house, time));
    Ok((report.context("pushing")?, wal))
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

    fn load(&self, running: &Running, path: &str, time: Duration) -> Load {
        Load {
            addr: running.client.addr,
            connections: CONNECTIONS,
            request: self.request(path, &body(1024)).numbered(),
            status: 200,
            warm_up: Duration::from_millis(250),
            time,
        }
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
