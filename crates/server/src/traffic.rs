//! What is served, counted: requests by route, method and kind of answer, and how long they took. Counting
//! takes no lock and allocates nothing; each thread adds to a place that it shares with few others.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use axum::routing::Route;
use http::Method;
use papaya::HashMap;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tower::layer::layer_fn;
use tower::{Layer, Service, ServiceExt as _, service_fn};

/// The counts of every route that was asked. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic(Arc<Operations>);

/// By method and route.
type Operations = HashMap<(&'static str, Arc<str>), Arc<Operation>>;

/// Seconds, as they are printed, in microseconds.
const BOUNDS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 5_000_000,
];
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const PLACES: usize = 8;

/// One method of one route.
#[derive(Debug, Default)]
struct Operation {
    method: &'static str,
    places: [Place; PLACES],
}

/// On cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place {
    answers: [AtomicU64; STATUSES.len()],
    /// One more than the bounds: for what took longer than all of them.
    took: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Traffic {
    /// Counts what a route answers. It stands around a single route, so that it finds its counts once.
    pub(crate) fn layer(
        &self,
    ) -> impl Layer<
        Route,
        Service: Service<Request, Response = Response, Error = Infallible, Future: Send>
                     + Clone
                     + Send
                     + Sync,
    > + Clone
    + use<> {
        let traffic = self.clone();
        layer_fn(move |route: Route| {
            let (traffic, usual) = (traffic.clone(), Arc::new(OnceLock::<Arc<Operation>>::new()));
            service_fn(move |request: Request| {
                let method = name(request.method());
                let find = || traffic.operation(method, request.extensions().get::<MatchedPath>());
                let operation = match usual.get_or_init(find) {
                    usual if usual.method == method => usual.clone(),
                    _ => find(),
                };
                let route = route.clone();
                async move {
                    let begun = Instant::now();
                    let response = route.oneshot(request).await?;
                    operation.count(response.status().as_u16(), begun.elapsed());
                    Ok(response)
                }
            })
        })
    }

    fn operation(&self, method: &'static str, path: Option<&MatchedPath>) -> Arc<Operation> {
        // What nobody serves is one route, whatever it was called.
        let route: Arc<str> = path.map_or("", MatchedPath::as_str).into();
        let new = || Arc::new(Operation { method, ..Operation::default() });
        self.0.pin().get_or_insert_with((method, route), new).clone()
    }
}

/// A name that nobody can make up.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

impl Operation {
    fn count(&self, status: u16, took: Duration) {
        let place = &self.places[place()];
        let class = usize::from(status / 100).clamp(1, STATUSES.len()) - 1;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        place.answers[class].fetch_add(1, Relaxed);
        place.took[BOUNDS.partition_point(|bound| *bound < micros)].fetch_add(1, Relaxed);
        place.micros.fetch_add(micros, Relaxed);
    }

    fn sum(&self, of: impl Fn(&Place) -> &AtomicU64) -> u64 {
        self.places.iter().map(|place| of(place).load(Relaxed)).sum()
    }
}

/// Where this thread counts.
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static MINE: usize = NEXT.fetch_add(1, Relaxed) % PLACES);
    MINE.with(|mine| *mine)
}

impl Collector for Traffic {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let known = self.0.pin();
        let help = "Requests answered, by route, method and class of status";
        let mut family =
            encoder.encode_descriptor("patchbay_http_requests", help, None, MetricType::Counter)?;
        for ((method, route), operation) in &known {
            for (class, status) in STATUSES.iter().enumerate() {
                let count = operation.sum(|place| &place.answers[class]);
                if count > 0 {
                    let labels = [("route", &**route), ("method", *method), ("status", *status)];
                    let metric = family.encode_family(&labels)?;
                    ConstCounter::new(count).encode(metric)?;
                }
            }
        }
        let help = "From the head of a request to the head of its answer";
        let mut family = encoder.encode_descriptor(
            "patchbay_http_seconds",
            help,
            None,
            MetricType::Histogram,
        )?;
        for ((method, route), operation) in &known {
            let labels = [("route", &**route), ("method", *method)];
            operation.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

impl Operation {
    fn encode(&self, mut metric: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let bounds = BOUNDS.iter().map(|micros| *micros as f64 / 1e6).chain([f64::INFINITY]);
        let counts = (0..=BOUNDS.len()).map(|at| self.sum(|place| &place.took[at]));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = self.sum(|place| &place.micros) as f64 / 1e6;
        metric.encode_histogram::<[(&str, &str); 0]>(seconds, count, &buckets, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    #[tokio::test]
    async fn what_is_answered_is_counted_by_route_and_not_by_address() {
        let traffic = Traffic::default();
        let routes = Router::new()
            .route(
                "/feeds/{id}",
                get(|| async { "ok" }).delete(|| async { http::StatusCode::GONE }),
            )
            .fallback(|| async { http::StatusCode::NOT_FOUND })
            .layer(traffic.layer());
        for (method, path) in [
            ("GET", "/feeds/1"),
            ("GET", "/feeds/2"),
            ("HEAD", "/feeds/2"),
            ("DELETE", "/feeds/2"),
            ("GET", "/made/up"),
            ("BREW", "/made/up"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty());
            routes.clone().oneshot(request.unwrap()).await.unwrap();
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(traffic));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for (route, method, status, count) in [
            ("/feeds/{id}", "GET", "2xx", 2),
            ("/feeds/{id}", "HEAD", "2xx", 1),
            ("/feeds/{id}", "DELETE", "4xx", 1),
            ("", "GET", "4xx", 1),
            ("", "other", "4xx", 1),
        ] {
            let labels = format!("route=\"{route}\",method=\"{method}\"");
            let line = format!("http_requests_total{{{labels},status=\"{status}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
            let line = format!("http_seconds_bucket{{le=\"+Inf\",{labels}}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(!text.contains("made") && !text.contains("BREW"), "{text}");
    }
}
