use super::*;
use serde_json::json;

const NOW: i64 = 1_763_672_400;

fn ask(
    spec: Option<Value>,
    status: u16,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Observation {
    let spec: Option<RateLimitSpec> = spec.map(|spec| serde_json::from_value(spec).unwrap());
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| (*value).to_owned())
    };
    let answer = Answer { status, header: &header, body: body.as_ref() };
    observe(spec.as_ref(), None, &answer, Timestamp::from_secs(NOW))
}

/// Limit, remaining, milliseconds until the reset, milliseconds to wait, limited.
type Seen = (Option<u64>, Option<u64>, Option<i64>, Option<u128>, bool);

/// Its name, the status, the headers, what is seen.
type Case<'a> = (&'a str, u16, &'a [(&'a str, &'a str)], Seen);

fn seen(observation: Observation) -> Seen {
    (
        observation.limit,
        observation.remaining,
        observation.reset_at.map(|at| (at.micros() - NOW * 1_000_000) / 1000),
        observation.retry_after.map(|wait| wait.as_millis()),
        observation.limited,
    )
}

#[test]
fn common_headers_need_no_description() {
    let table: &[Case<'_>] = &[
        ("nothing", 200, &[], (None, None, None, None, false)),
        ("spotify", 429, &[("Retry-After", "7")], (None, None, None, Some(7000), true)),
        ("fraction", 429, &[("Retry-After", "2.5")], (None, None, None, Some(2500), true)),
        (
            "date",
            503,
            &[("Retry-After", "Thu, 20 Nov 2025 21:01:00 GMT")],
            (None, None, None, Some(60_000), false),
        ),
        (
            "past date",
            429,
            &[("Retry-After", "Mon, 20 Nov 1995 21:01:00 GMT")],
            (None, None, None, Some(0), true),
        ),
        (
            "ms wins",
            429,
            &[("retry-after-ms", "1500"), ("retry-after", "9")],
            (None, None, None, Some(1500), true),
        ),
        (
            "x",
            200,
            &[
                ("x-rate-limit-limit", "900"),
                ("x-rate-limit-remaining", "899"),
                ("x-rate-limit-reset", "1763673300"),
            ],
            (Some(900), Some(899), Some(900_000), None, false),
        ),
        (
            "github 403",
            403,
            &[
                ("x-ratelimit-limit", "60"),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1763672460"),
            ],
            (Some(60), Some(0), Some(60_000), Some(60_000), true),
        ),
        (
            "discord",
            429,
            &[
                ("X-RateLimit-Reset", "1763672401.250"),
                ("X-RateLimit-Reset-After", "1.250"),
                ("X-RateLimit-Remaining", "0"),
            ],
            (None, Some(0), Some(1250), Some(1250), true),
        ),
        (
            "epoch fractional",
            200,
            &[("X-RateLimit-Reset", "1763672401.5")],
            (None, None, Some(1500), None, false),
        ),
        (
            "linear ms",
            200,
            &[
                ("x-ratelimit-requests-remaining", "1499"),
                ("x-ratelimit-requests-reset", "1763672460000"),
            ],
            (None, Some(1499), Some(60_000), None, false),
        ),
        ("delta", 200, &[("ratelimit-reset", "30")], (None, None, Some(30_000), None, false)),
        (
            "openai",
            200,
            &[("x-ratelimit-reset-requests", "6m30s"), ("x-ratelimit-limit-requests", "500")],
            (Some(500), None, Some(390_000), None, false),
        ),
        (
            "openai ms",
            200,
            &[("x-ratelimit-reset-requests", "500ms")],
            (None, None, Some(500), None, false),
        ),
        (
            "anthropic",
            200,
            &[("anthropic-ratelimit-requests-reset", "2025-11-20T21:00:10Z")],
            (None, None, Some(10_000), None, false),
        ),
        (
            "ietf",
            200,
            &[
                ("RateLimit", "\"default\";r=50;t=30"),
                ("RateLimit-Policy", "\"default\";q=100;w=60"),
            ],
            (Some(100), Some(50), Some(30_000), None, false),
        ),
        (
            "ietf old",
            200,
            &[("RateLimit", "limit=100, remaining=3, reset=5")],
            (Some(100), Some(3), Some(5000), None, false),
        ),
        (
            "ietf three",
            200,
            &[("RateLimit-Limit", "100, 100;w=60"), ("RateLimit-Remaining", "7")],
            (Some(100), Some(7), None, None, false),
        ),
        (
            "shopify",
            200,
            &[("X-Shopify-Shop-Api-Call-Limit", "32/40")],
            (Some(40), Some(8), None, None, false),
        ),
        (
            "salesforce",
            200,
            &[("Sforce-Limit-Info", "api-usage=18/5000")],
            (Some(5000), Some(4982), None, None, false),
        ),
        (
            "meta",
            200,
            &[("X-App-Usage", r#"{"call_count":28,"total_time":25,"total_cputime":99.5}"#)],
            (Some(100), Some(0), None, None, false),
        ),
        (
            "meta business",
            200,
            &[(
                "X-Business-Use-Case-Usage",
                r#"{"123":[{"type":"x","call_count":100,"estimated_time_to_regain_access":19}]}"#,
            )],
            (Some(100), Some(0), None, Some(1_140_000), false),
        ),
        (
            "garbage",
            429,
            &[
                ("Retry-After", "soon"),
                ("X-RateLimit-Reset", "-1"),
                ("X-RateLimit-Limit", "NaN"),
                ("RateLimit", ";;=="),
                ("X-App-Usage", "{"),
            ],
            (None, None, None, None, true),
        ),
        ("absurd", 429, &[("Retry-After", "99999999999999999999")], (None, None, None, None, true)),
    ];
    for (name, status, headers, expected) in table {
        assert_eq!(seen(ask(None, *status, headers, None)), *expected, "{name}");
    }
}

/// What is told of percent, points and tokens: a share, and the tightest one.
#[test]
fn what_is_not_counted_in_requests_is_a_share() {
    let business = r#"{"1": [{"call_count": 28, "total_time": 3}]}"#;
    /// Limit, remaining, milliseconds until the reset, whether they are a share.
    type Told = (Option<u64>, Option<u64>, Option<i64>, bool);
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Told);
    let table: &[Case<'_>] = &[
        ("meta", &[("X-App-Usage", r#"{"call_count":28}"#)], (Some(100), Some(72), None, true)),
        (
            "the tightest of meta's",
            &[
                ("X-Business-Use-Case-Usage", business),
                ("X-App-Usage", r#"{"total_cputime":90}"#),
                ("X-Page-Usage", r#"{"call_count":5}"#),
            ],
            (Some(100), Some(10), None, true),
        ),
        (
            "openai, whose tokens end first",
            &[
                ("x-ratelimit-limit-requests", "500"),
                ("x-ratelimit-remaining-requests", "499"),
                ("x-ratelimit-reset-requests", "120ms"),
                ("x-ratelimit-limit-tokens", "30000"),
                ("x-ratelimit-remaining-tokens", "300"),
                ("x-ratelimit-reset-tokens", "6m0s"),
            ],
            (Some(30_000), Some(300), Some(360_000), true),
        ),
        (
            "anthropic, whose requests end first",
            &[
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "2"),
                ("anthropic-ratelimit-requests-reset", "2025-11-20T21:00:10Z"),
                ("anthropic-ratelimit-tokens-limit", "1000"),
                ("anthropic-ratelimit-tokens-remaining", "900"),
                ("anthropic-ratelimit-input-tokens-limit", "800"),
                ("anthropic-ratelimit-input-tokens-remaining", "700"),
                ("anthropic-ratelimit-output-tokens-limit", "800"),
                ("anthropic-ratelimit-output-tokens-remaining", "700"),
            ],
            (Some(50), Some(2), Some(10_000), false),
        ),
        (
            "linear's complexity",
            &[
                ("x-ratelimit-requests-limit", "1500"),
                ("x-ratelimit-requests-remaining", "1400"),
                ("x-ratelimit-complexity-limit", "250000"),
                ("x-ratelimit-complexity-remaining", "0"),
                ("x-ratelimit-complexity-reset", "1763672460000"),
            ],
            (Some(250_000), Some(0), Some(60_000), true),
        ),
        (
            "hubspot's window",
            &[
                ("x-hubspot-ratelimit-max", "100"),
                ("x-hubspot-ratelimit-remaining", "98"),
                ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
            ],
            (Some(100), Some(98), Some(10_000), false),
        ),
    ];
    for (name, headers, expected) in table {
        let found = ask(None, 200, headers, None);
        let (limit, remaining, reset_at, ..) = seen(found);
        assert_eq!((limit, remaining, reset_at, found.is_share), *expected, "{name}");
    }
    let points = json!({"extensions": {"cost": {"throttleStatus": {
        "maximumAvailable": 1000, "currentlyAvailable": 118, "restoreRate": 50,
    }}}});
    assert!(ask(None, 200, &[], Some(points)).is_share);
}

#[test]
fn some_say_whether_to_ask_again() {
    let said = |status, headers: &[_], body| ask(None, status, headers, body).should_retry;
    assert_eq!(said(409, &[("Stripe-Should-Retry", "true")], None), Some(true));
    assert_eq!(said(429, &[("Stripe-Should-Retry", "false")], None), Some(false));
    assert_eq!(said(529, &[("x-should-retry", "true")], None), Some(true));
    assert!(ask(None, 529, &[], None).limited, "overloaded");
    let broke = json!({"error": {"code": "insufficient_quota"}});
    assert_eq!(said(429, &[], Some(broke)), Some(false));
    assert_eq!(said(429, &[], None), None);
    let gmail = json!({"error": {
        "errors": [{"reason": "userRateLimitExceeded"}],
        "message": "User-rate limit exceeded.  Retry after 2025-11-20T21:00:07.500Z",
    }});
    assert_eq!(seen(ask(None, 403, &[], Some(gmail))).3, Some(7500));
}

#[test]
fn a_class_has_headers_of_its_own_and_a_refusal_a_wait_of_its_own() {
    let spec = json!({
        "headers": {"remaining": "x-all"}, "wait_secs": 10,
        "limited": [{"status": [429], "at": "/policyName", "is": ["DAILY"], "wait_secs": 3600}],
        "classes": [{"name": "search", "paths": ["/search"], "headers": {"remaining": "x-search"}}],
    });
    let spec: RateLimitSpec = serde_json::from_value(spec).unwrap();
    let header = |name: &str| match name {
        "x-all" => Some("7".to_owned()),
        "x-search" => Some("3".to_owned()),
        _ => None,
    };
    let left = |path: &str, body: Option<&Value>| {
        let answer = Answer { status: 429, header: &header, body };
        let class = spec.class("GET", path);
        observe(Some(&spec), class, &answer, Timestamp::from_secs(NOW))
    };
    assert_eq!(left("/search/issues", None).remaining, Some(3));
    assert_eq!(left("/repos", None).remaining, Some(7));
    let daily = json!({"policyName": "DAILY"});
    assert_eq!(left("/repos", Some(&daily)).retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(left("/repos", None).retry_after, Some(Duration::from_secs(10)));
}

#[test]
fn refusals_in_bodies_are_seen() {
    let limited = [
        ("github graphql", 200, json!({"errors": [{"type": "RATE_LIMITED"}]})),
        ("shopify", 200, json!({"errors": [{"extensions": {"code": "THROTTLED"}}]})),
        ("linear", 400, json!({"errors": [{"extensions": {"type": "ratelimited"}}]})),
        ("salesforce", 403, json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": ""}])),
        ("google", 403, json!({"error": {"errors": [{"reason": "rateLimitExceeded"}]}})),
        ("slack", 200, json!({"ok": false, "error": "ratelimited"})),
        ("notion", 429, json!({"code": "rate_limited"})),
        ("meta", 400, json!({"error": {"code": 17, "fbtrace_id": "x"}})),
        ("stripe", 400, json!({"error": {"code": "rate_limit"}})),
    ];
    for (name, status, body) in limited {
        assert!(ask(None, status, &[], Some(body)).limited, "{name}");
    }
    let free = [
        ("google", 403, json!({"error": {"errors": [{"reason": "forbidden"}]}})),
        ("code 4 of somebody else", 400, json!({"error": {"code": 4}})),
        ("graphql", 200, json!({"errors": [{"type": "NOT_FOUND"}]})),
        ("a note", 200, json!({"Note": "hello"})),
    ];
    for (name, status, body) in free {
        assert!(!ask(None, status, &[], Some(body)).limited, "{name}");
    }
    let body = json!({"retry_after": 0.75, "global": false});
    assert_eq!(seen(ask(None, 429, &[], Some(body))), (None, None, None, Some(750), true));
    let cost = json!({"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {
        "requestedQueryCost": 202,
        "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 118, "restoreRate": 50.0},
    }}});
    assert_eq!(
        seen(ask(None, 200, &[], Some(cost))),
        (Some(1000), Some(118), None, Some(1680), true)
    );
}

#[test]
fn a_provider_file_can_say_how() {
    let alpha = json!({"limited": [{"status": [200], "at": "/Note"}, {"at": "/Information"}], "wait_secs": 60});
    assert_eq!(
        seen(ask(Some(alpha.clone()), 200, &[], Some(json!({"Note": "25 requests per day"})))),
        (None, None, None, Some(60_000), true)
    );
    assert!(!ask(Some(alpha), 200, &[], Some(json!({"data": 1}))).limited);

    for (unit, text, millis) in [
        ("epoch_s", "1763672410", 10_000),
        ("epoch_ms", "1763672410000", 10_000),
        ("seconds", "0.25", 250),
        ("ms", "1500", 1500),
        ("rfc3339", "2025-11-20T21:00:10.5Z", 10_500),
        ("http_date", "Thu, 20 Nov 2025 21:00:10 GMT", 10_000),
        ("go_duration", "1h2m3s", 3_723_000),
    ] {
        let spec = json!({"headers": {"limit": "x-l", "remaining": "x-r", "reset": "x-t", "reset_unit": unit}});
        let headers = [("X-L", "10"), ("X-R", "9"), ("X-T", text)];
        let expected = (Some(10), Some(9), Some(millis), None, false);
        assert_eq!(seen(ask(Some(spec), 200, &headers, None)), expected, "{unit}");
    }
    let usage = json!({"headers": {"usage": {"header": "x-used", "form": "fraction"}}});
    let headers = [("x-used", "3/8")];
    assert_eq!(seen(ask(Some(usage), 200, &headers, None)).1, Some(5));
}
