//! `GET /api/v1/metrics`.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, may};
use axum::extract::State;
use jiff::ToSpan as _;
use jiff::civil::Date;
use kernel::{Problem, Timestamp, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::Insight;
use crate::series::{Day, date};
use crate::store::series::{self, Span};

/// More rows than these are asked for in several spans.
pub(super) const MOST_ROWS: u32 = 10_000;
/// What a series goes back to unless said.
const USUAL_DAYS: i64 = 90;

/// What one platform said of one subject on one day.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "date": "2026-01-31", "platform": "instagram", "subject": "aurel",
    "metrics": {"followers": 10412, "posts": 213, "engagement_rate": 2.71},
    "estimated": {"engagement_rate": "(likes + comments) / posts / followers * 100, over the 10 newest posts"},
    "fetched_at": "2026-01-31T08:12:44Z"
}))]
pub(super) struct MetricRow {
    /// In UTC.
    date: String,
    platform: String,
    /// Empty for the workspace's own accounts.
    subject: String,
    /// What is unknown is absent, which is not 0.
    #[schema(value_type = Object)]
    metrics: Map<String, Value>,
    /// The formula of each metric that was computed instead of told.
    #[schema(value_type = Object)]
    estimated: Map<String, Value>,
    #[schema(value_type = String, format = DateTime)]
    fetched_at: Timestamp,
}

/// A span of series.
#[derive(Serialize, ToSchema)]
pub(super) struct MetricRows {
    /// By day; 10,000 at most.
    data: Vec<MetricRow>,
}

/// Which rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MetricQuery {
    /// Of this subject; empty for the workspace's own, all unless said.
    subject: Option<String>,
    /// Of this platform.
    platform: Option<String>,
    /// The first day, `2026-01-01`; 90 days ago unless said.
    from: Option<String>,
    /// The last day; today unless said.
    to: Option<String>,
}

/// Numbers by day
#[utoipa::path(
    get, path = "/api/v1/metrics", operation_id = "list_metrics", tag = "metrics",
    params(MetricQuery),
    responses((status = 200, description = "The rows of the span.", body = MetricRows)),
    security(("api_key" = ["metrics:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsRead>,
    ApiQuery(query): ApiQuery<MetricQuery>,
) -> Answer<ApiJson<MetricRows>> {
    let span = query.span(insight.db().clock().now())?;
    let mut tx = caller.workspace.read().await?;
    let rows = series::between(&mut tx, caller.workspace.id(), &span, MOST_ROWS).await?;
    Ok(ApiJson(MetricRows { data: rows.into_iter().map(MetricRow::from).collect() }))
}

impl MetricQuery {
    pub(super) fn span(self, now: Timestamp) -> Result<Span, Problem> {
        let today = day("to", self.to.as_deref())?;
        let to = today.map_or_else(|| date(now), |day| day.to_string());
        let from = match day("from", self.from.as_deref())? {
            Some(from) => from,
            None => {
                let last: Date = to.parse().map_err(|_| bad("to"))?;
                last.checked_sub(USUAL_DAYS.days()).unwrap_or(last)
            }
        };
        let from = from.to_string();
        if from > to {
            let detail = "`from` is after `to`.";
            return Err(Problem::new(&codes::BAD_QUERY, detail));
        }
        let platform = self.platform.filter(|platform| !platform.is_empty());
        Ok(Span { subject: self.subject, platform, from, to })
    }
}

fn day(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    // Times are taken, too: what counts is their day.
    let parse = |text: &str| text.get(..10).and_then(|day| day.parse::<Date>().ok());
    text.map(|text| parse(text).ok_or_else(|| bad(name))).transpose()
}

fn bad(name: &str) -> Problem {
    Problem::new(&codes::BAD_QUERY, format!("`{name}` is a day such as 2026-01-31."))
}

impl From<Day> for MetricRow {
    fn from(day: Day) -> Self {
        let Day { date, platform, subject, metrics, estimated, fetched_at, .. } = day;
        Self { date, platform, subject, metrics, estimated, fetched_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: Option<&str>, to: Option<&str>) -> Option<(String, String)> {
        let query = MetricQuery {
            subject: None,
            platform: Some(String::new()),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let now = Timestamp::parse("2026-05-01T10:00:00Z").unwrap();
        query.span(now).ok().map(|span| (span.from, span.to))
    }

    #[test]
    fn a_span_has_usual_ends() {
        let texts = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(span(None, None), texts("2026-01-31", "2026-05-01"));
        assert_eq!(span(None, Some("2026-04-01")), texts("2026-01-01", "2026-04-01"));
        let from = Some("2026-04-01T00:00:00Z");
        assert_eq!(span(from, None), texts("2026-04-01", "2026-05-01"));
        assert_eq!(span(Some("2026-05-02"), None), None);
        assert_eq!(span(Some("yesterday!"), None), None);
        assert_eq!(span(Some("ééééééé"), None), None);
    }
}
