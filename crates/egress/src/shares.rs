//! How much of its limits each provider has given us already, for the operator.

use crate::door::Door;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Arc;

pub(crate) struct Shares(pub(crate) Arc<Door>);

impl fmt::Debug for Shares {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Shares")
    }
}

impl Collector for Shares {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = self.0.clock.now();
        let mut shares = self.0.budgets.shares(now);
        for (provider, share) in self.0.gates.shares(now) {
            let most = shares.entry(provider).or_default();
            *most = most.max(share);
        }
        let (name, help) = (
            "patchbay_quota_share_used",
            "The largest share used of any limit of a provider, from 0 to 1",
        );
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (provider, share) in shares {
            let labels = [("provider", provider)];
            ConstGauge::new(share).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
