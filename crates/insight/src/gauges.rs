//! The KPIs of the whole house for Prometheus. A scrape reads what was computed last; what is old is
//! computed again beside it, and never so often that it costs more than a twentieth of the time.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use db::DbError;
use kernel::Timestamp;

use crate::{Insight, kpi, store};

/// Nothing is computed twice in this time.
const FRESH: Duration = Duration::from_secs(60);
const SHARE_OF_TIME: u32 = 20;
/// While nobody asks the database anything, only ages grow: those are told again in this time.
const AT_REST: Duration = Duration::from_secs(3600);

type Values = Family<Labels, Gauge<f64, AtomicU64>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kpi: &'static str,
    /// Empty for all together.
    platform: String,
}

#[derive(Clone)]
pub(crate) struct Gauges {
    insight: Insight,
    last: Arc<Mutex<Last>>,
}

#[derive(Default)]
struct Last {
    values: Values,
    /// When the next computation may begin; none while one runs.
    next: Option<Timestamp>,
    is_running: bool,
    /// When the last one ended, and how many statements the database had run by then.
    ended: Option<(Timestamp, u64)>,
}

impl fmt::Debug for Gauges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Gauges")
    }
}

impl Gauges {
    pub(crate) fn new(insight: Insight) -> Self {
        Self { insight, last: Arc::default() }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes in the background, if what is there is old.
    fn renew(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let now = self.insight.db().clock().now();
        let mut last = self.last();
        let statements = self.insight.db().statements();
        let at_rest = |(at, then): (Timestamp, u64)| then == statements && now.since(at) < AT_REST;
        if last.is_running
            || last.next.is_some_and(|next| now < next)
            || last.ended.is_some_and(at_rest)
        {
            return;
        }
        last.is_running = true;
        drop(last);
        let gauges = self.clone();
        runtime.spawn(async move {
            let computed = gauges.compute().await;
            let end = gauges.insight.db().clock().now();
            let pause = (end.since(now) * SHARE_OF_TIME).max(FRESH);
            let mut last = gauges.last();
            last.is_running = false;
            last.next = Some(end.plus(pause));
            last.ended = Some((end, gauges.insight.db().statements()));
            match computed {
                Ok(values) => last.values = values,
                Err(error) => tracing::warn!(%error, "the KPIs cannot be computed"),
            }
        });
    }

    async fn compute(&self) -> Result<Values, DbError> {
        let values = Values::default();
        let mut tx = self.insight.db().system(false).await?;
        let facts = store::kpis::facts(&mut tx, None).await?;
        let shares = store::kpis::budgets(&mut tx).await?;
        let measured = |platform: &str| self.insight.provider(platform).is_some();
        for kpi in kpi::kpis(&facts, &shares, measured, tx.now()) {
            if let Some(value) = kpi.value {
                let platform = kpi.platform.unwrap_or_default();
                let labels = Labels { kpi: kpi.goal.name, platform };
                values.get_or_create(&labels).set(value);
            }
        }
        Ok(values)
    }
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        self.renew();
        let values = self.last().values.clone();
        let (name, help) = ("patchbay_kpi", "How well the promises about connections are kept");
        let kind = values.metric_type();
        values.encode(encoder.encode_descriptor(name, help, None, kind)?)
    }
}
