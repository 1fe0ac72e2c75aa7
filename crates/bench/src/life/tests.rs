use super::EVERY;
use super::run::{Plan, run};
use std::time::Duration;

/// All eight platforms, and each in ten minutes of every few hours something that goes wrong: no answers, broken
/// ones, refusals, answers that are lost after the token was replaced. Longer tokens than in `make bench`, for the
/// sake of whoever waits for the tests.
#[test]
fn a_month_of_every_model_of_renewal_asks_nobody_to_connect_again() {
    let plan = Plan {
        artists: 2,
        services: EVERY.to_vec(),
        artists_of_an_app: 2,
        hours: 30 * 24,
        token_life: Duration::from_secs(12 * 3600),
        weather: Some(42),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(run(&plan)).unwrap();
    let told = format!("{report:#?}");
    assert_eq!((report.connections, report.reconnects(), report.reuses), (16, 0, 0), "{told}");
    assert_eq!(report.states.get("active"), Some(&16), "{told}");
    // Each token was renewed in its time: 60 halves of a day, and one half of an Instagram token's life.
    let renewed = |platform: &str| report.refreshes[platform];
    for platform in ["tiktok", "x", "soundcloud", "youtube", "spotify"] {
        assert!((118..=160).contains(&renewed(platform)), "{told}");
    }
    assert_eq!((renewed("instagram"), renewed("facebook")), (2, 0), "{told}");
    assert!(report.share.values().all(|share| *share < 10.0), "{told}");
    assert!(report.oldest < 24.0, "{told}");
    // A row for each account on each whole day.
    let whole = report.days.values().filter(|rows| **rows >= 14).count();
    assert!(whole >= 29, "{told}");
}
