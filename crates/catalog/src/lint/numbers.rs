//! Whether `metrics.yaml` holds together, and reads the answers that were recorded.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Linter, finding, stray};
use crate::catalog::Folder;
use crate::metrics::{Metric, Metrics};

impl Linter<'_> {
    pub(super) fn metrics(&mut self, id: &str, folder: &Folder) {
        let Some(metrics) = &self.provider.metrics else { return };
        let mut own = self.beside(format!("providers/{id}/metrics.yaml"));
        own.calls(metrics);
        for (metric, mapping) in &metrics.metrics {
            own.gathered(&format!("/metrics/{metric}"), &mapping.value);
        }
        let rate = metrics.metrics.get(&Metric::EngagementRate);
        if rate.is_some_and(|rate| rate.estimated.is_none()) {
            own.report(
                "/metrics/engagement_rate",
                "no platform tells it; say how it is `estimated`",
            );
        }
        if let Some(artist) = &metrics.artist {
            own.request("/artist/request", &artist.request);
            own.program("/artist/candidates", &artist.candidates);
        }
        metrics.pushed_accounts.iter().for_each(|it| own.program("/pushed_accounts", it));
        own.metrics_samples(metrics, &format!("providers/{id}/samples/metrics/"), folder);
    }

    /// Each call can be asked once those that it waits for were answered.
    fn calls(&mut self, metrics: &Metrics) {
        for (name, call) in &metrics.calls {
            let pointer = format!("/calls/{name}");
            self.request(&pointer, &call.request);
            call.capture.values().for_each(|program| self.program(&pointer, program));
            for before in &call.after {
                if !metrics.calls.contains_key(before) {
                    self.report(&pointer, format!("there is no call `{before}` to wait for"));
                }
            }
        }
        let mut asked: BTreeSet<&String> = BTreeSet::new();
        while let Some((name, _)) = metrics.calls.iter().find(|(name, call)| {
            !asked.contains(name) && call.after.iter().all(|before| asked.contains(before))
        }) {
            asked.insert(name);
        }
        for name in metrics.calls.keys().filter(|name| !asked.contains(name)) {
            self.report(&format!("/calls/{name}"), "its turn never comes");
        }
    }

    /// Each recorded answer is read as expected, also with fields that nobody knows yet, and each metric is
    /// told by one of them.
    fn metrics_samples(&mut self, metrics: &Metrics, folder_name: &str, folder: &Folder) {
        let samples = match folder.json::<MetricsSample>(folder_name) {
            Ok(samples) => samples,
            Err(error) => return self.findings.push(finding(error.file(), "", &error.to_string())),
        };
        let mut untold: BTreeSet<Metric> = metrics.metrics.keys().copied().collect();
        for (file, sample) in &samples {
            for name in sample.answers.keys().filter(|name| !metrics.calls.contains_key(*name)) {
                self.findings.push(finding(
                    file,
                    "/answers",
                    &format!("there is no call `{name}`"),
                ));
            }
            let more = sample.answers.iter().map(|(name, it)| (name.clone(), stray::with_more(it)));
            for answers in [sample.answers.clone(), more.collect()] {
                let read = metrics.read(&answers, sample.now);
                let missing: BTreeSet<Metric> = read.missing.iter().map(|one| one.metric).collect();
                if read.values != sample.expect || missing != sample.missing {
                    let values = serde_json::json!(read.values);
                    let message = format!(
                        "the outcome is not what is expected, but {values}, missing {:?}",
                        read.missing
                    );
                    self.findings.push(finding(file, "/expect", &message));
                    break;
                }
                untold.retain(|metric| !read.values.contains_key(metric));
            }
        }
        for metric in untold {
            let message = "no sample in `samples/metrics/` tells it";
            self.report(&format!("/metrics/{metric}"), message);
        }
    }
}

/// Recorded answers, and what they say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricsSample {
    /// When they were given.
    #[serde(default)]
    now: Timestamp,
    answers: Map<String, Value>,
    expect: BTreeMap<Metric, Value>,
    #[serde(default)]
    missing: BTreeSet<Metric>,
}
