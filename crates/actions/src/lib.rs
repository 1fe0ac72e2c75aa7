//! What providers can do, done: an action's input is checked, its request sent with fresh tokens, its answer
//! read and checked.
//!
//! It relies on `connect` for who asks and on the catalog for what is asked; the few actions that no HTTP
//! request can say are modules of its own. It promises that nothing is sent for an input that does not fit,
//! and that an answer of another shape than the catalog knows is reported and still given. It keeps nothing.

mod api;
mod call;
mod drift;
mod input;
mod through;

pub use api::routes;
pub use call::{Call, Outcome};
pub use through::Through;

use connect::Connect;
use std::sync::Arc;

use drift::Drifts;

/// The room. Cloning it is cheap.
#[derive(Clone)]
pub struct Actions(Arc<Inner>);

struct Inner {
    connect: Connect,
    drifts: Drifts,
}

impl Actions {
    /// Opens the room.
    pub fn new(connect: Connect) -> Self {
        Self(Arc::new(Inner { connect, drifts: Drifts::default() }))
    }

    pub(crate) fn drifts(&self) -> &Drifts {
        &self.0.drifts
    }

    pub(crate) fn connect(&self) -> &Connect {
        &self.0.connect
    }
}
