//! `GET /api/v1/metrics.csv`.

use accounts::gate::{Answer, ApiQuery, Caller, may};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use catalog::metrics::Metric;
use serde_json::Value;

use super::metrics::{MOST_ROWS, MetricQuery};
use crate::Insight;
use crate::series::Day;
use crate::store::series;

/// Numbers by day, as CSV
///
/// A column for each metric; an empty cell is unknown, which is not 0. The last column names those of the row
/// that were computed instead of told.
#[utoipa::path(
    get, path = "/api/v1/metrics.csv", operation_id = "export_metrics", tag = "metrics",
    params(MetricQuery),
    responses((status = 200, description = "The rows of the span.", body = String,
        content_type = "text/csv",
        example = "date,platform,subject,followers,…,fetched_at,estimated\r\n2026-01-31,x,aurel,10412,…")),
    security(("api_key" = ["metrics:read"]), ("session" = []))
)]
pub(super) async fn export(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsRead>,
    ApiQuery(query): ApiQuery<MetricQuery>,
) -> Answer<Response> {
    let span = query.span(insight.db().clock().now())?;
    let mut tx = caller.workspace.read().await?;
    let rows = series::between(&mut tx, caller.workspace.id(), &span, MOST_ROWS).await?;
    let name = format!("attachment; filename=\"metrics_{}_{}.csv\"", span.from, span.to);
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, table(&rows)).into_response())
}

fn table(rows: &[Day]) -> String {
    let names = Metric::ALL.map(Metric::name);
    let mut text = format!("date,platform,subject,{},fetched_at,estimated\r\n", names.join(","));
    for row in rows {
        let mut cells = vec![row.date.clone(), cell(&row.platform), cell(&row.subject)];
        cells.extend(
            names.iter().map(|name| row.metrics.get(*name).map_or_else(String::new, shown)),
        );
        cells.push(row.fetched_at.to_string());
        let estimated: Vec<_> = row.estimated.keys().map(String::as_str).collect();
        cells.push(cell(&estimated.join(" ")));
        text += &cells.join(",");
        text += "\r\n";
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => cell(text),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            cell(&texts.join("; "))
        }
        other => other.to_string(),
    }
}

/// A cell (RFC 4180) that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{ConnectionId, Entropy, Timestamp};
    use serde_json::json;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (text, expect) in [
            ("aurel", "aurel"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@sum(a,b)", "\"'@sum(a,b)\""),
        ] {
            assert_eq!(cell(text), expect);
        }
    }

    #[test]
    fn what_is_unknown_is_empty() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let day = Day {
            subject: "aurel".to_owned(),
            platform: "spotify".to_owned(),
            date: "2026-01-31".to_owned(),
            connection: ConnectionId::generate(Timestamp::from_secs(0), &Entropy::System),
            metrics: object(json!({"followers": 0, "genres": ["dream pop", "folk"]})),
            estimated: object(json!({"followers": "a guess"})),
            fetched_at: Timestamp::from_secs(0),
        };
        let text = table(&[day]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("date,platform,subject,followers,following,posts"));
        assert!(lines[1].starts_with("2026-01-31,spotify,aurel,0,,,"), "{}", lines[1]);
        assert!(
            lines[1].ends_with(",dream pop; folk,1970-01-01T00:00:00Z,followers"),
            "{}",
            lines[1]
        );
        assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    }
}
