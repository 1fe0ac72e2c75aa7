//! Reads of a widget by a player: 304 and 200 with a document of 1 KiB, beside a bare axum route.

use anyhow::{Context as _, Result};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

use crate::bare;
use crate::client::text;
use crate::house::House;
use crate::load::{Load, Report, Request};
use crate::process::Process;
use crate::pushes::{Sender, body};
use crate::table::{Table, Target, median, ms};

const CONNECTIONS: usize = 64;

pub(crate) async fn measure(table: &mut Table, quick: bool) -> Result<()> {
    table.section("Reads by a player, 64 connections, beside a bare axum route")?;
    let (rounds, time) = if quick { (3, 1000) } else { (9, 2000) };
    let time = Duration::from_millis(time);
    let house = House::new(None)?;
    let running = house.serve().await?;
    let sender = Sender::new(&running.client).await?;
    let made = json!({ "name": "Bench", "widget_config_ids": [sender.widget_config] });
    let player = text(&running.client.post("/api/v1/players", &made).await?, "token")?;
    let bearer = format!("Bearer {player}");
    let headers = [("authorization", &*bearer)];
    let path = format!("/api/widgets-config/{}/data", sender.widget_config);

    sender.push(&running.client, &body(1024)).await?;
    let version = loop {
        let answer = running.client.send("GET", &path, &headers, &[]).await?;
        let said: serde_json::Value = serde_json::from_slice(&answer.body)?;
        match said["version"].as_u64() {
            Some(0) | None => tokio::time::sleep(Duration::from_millis(5)).await,
            Some(version) => break version,
        }
    };
    for (name, status, query) in
        [("304", 304, format!("?version={version}")), ("200 with 1 KiB", 200, String::new())]
    {
        let asked = format!("{path}{query}");
        let answer = running.client.send("GET", &asked, &headers, &[]).await?;
        let (bare, process) = bare::start(&path, &answer).await?;
        let request = Request::new("GET", &asked, &headers, &[]);
        let mut seen = Vec::new();
        for _ in 0..rounds {
            // Side by side in time, so that what else the machine does meets both.
            let ours = round(running.client.addr, &running.process, &request, status, time);
            let ours = ours.await?;
            let theirs = round(bare, &process, &request, status, time).await?;
            seen.push((ours, theirs));
        }
        let of =
            |figure: &dyn Fn(&(Report, Report)) -> f64| median(seen.iter().map(figure).collect());
        let rate = |at: f64| format!("{at:.0}/s");
        table.note(&format!("{name}: Patchbay"), rate(of(&|it| it.0.per_second())))?;
        table.note(&format!("{name}: bare"), rate(of(&|it| it.1.per_second())))?;
        let ratio = of(&|(ours, theirs)| ours.per_second() / theirs.per_second());
        table.figure(&format!("{name}: throughput"), ratio, "×", Target::AtLeast(0.8))?;
        let p99 = |report: &Report| ms(report.percentile(0.99));
        table.note(
            &format!("{name}: p99 of Patchbay, of bare"),
            format!("{:.2}, {:.2} ms", of(&|it| p99(&it.0)), of(&|it| p99(&it.1))),
        )?;
        let ratio = of(&|(ours, theirs)| p99(ours) / p99(theirs));
        table.figure(&format!("{name}: p99"), ratio, "×", Target::AtMost(1.5))?;
        let cpu = |report: &Report| report.cpu_per_answer.as_secs_f64() * 1e6;
        table.note(
            &format!("{name}: CPU for an answer of Patchbay, of bare"),
            format!("{:.1}, {:.1} µs", of(&|it| cpu(&it.0)), of(&|it| cpu(&it.1))),
        )?;
    }
    running.process.end()
}

async fn round(
    addr: SocketAddr,
    process: &Process,
    request: &Request,
    status: u16,
    time: Duration,
) -> Result<Report> {
    let warm_up = Duration::from_millis(250);
    let request = request.clone();
    let load = Load { addr, connections: CONNECTIONS, request, status, warm_up, time };
    load.run(process).await.context("reading")
}
