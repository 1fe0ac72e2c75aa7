//! The trace that a task works for. It travels beside the code, not through its arguments: whoever begins
//! something says [`within`], whoever records something asks [`current`].

use kernel::Trace;
use std::future::Future;

tokio::task_local! {
    static TRACE: Trace;
}

/// The trace that this task works for.
pub fn current() -> Option<Trace> {
    TRACE.try_with(|trace| *trace).ok()
}

/// Runs a future as part of a trace.
pub async fn within<F: Future>(trace: Trace, future: F) -> F::Output {
    TRACE.scope(trace, future).await
}
