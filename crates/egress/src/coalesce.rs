//! Identical reads in flight become one. Every caller drives the same future: when the first one
//! goes away the others carry on, and when the last one goes away it is cancelled.

use crate::error::EgressError;
use crate::request::{Limits, Request};
use crate::response::Response;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use kernel::WorkspaceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a caller gets.
pub(crate) type Outcome = Result<Arc<Response>, EgressError>;

type Flight = BoxFuture<'static, Outcome>;

#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<InFlight>>);

#[derive(Default)]
struct InFlight {
    by_key: HashMap<Key, (u64, WeakShared<Flight>)>,
    numbers: u64,
}

/// What makes two requests the same: all that is sent, and on whose behalf.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    workspace: WorkspaceId,
    method: http::Method,
    url: String,
    headers: Vec<(http::HeaderName, http::HeaderValue)>,
    body: bytes::Bytes,
    limits: Limits,
}

impl Key {
    pub(crate) fn of(request: &Request, limits: Limits) -> Self {
        let headers = request.all_headers();
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        // Stable, so that the order within one name stays.
        headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        Self {
            workspace: request.workspace,
            method: request.method.clone(),
            url: request.url.to_string(),
            headers,
            body: request.body.clone(),
            limits,
        }
    }
}

impl Flights {
    /// The flight under this key, begun by `begin` if there is none.
    pub(crate) fn join<F>(&self, key: Key, begin: impl FnOnce() -> F) -> Shared<Flight>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.by_key.get(&key).and_then(|(_, weak)| weak.upgrade()) {
            return flight;
        }
        flights.numbers += 1;
        let number = flights.numbers;
        let landed = Landed { flights: self.clone(), key: key.clone(), number };
        let request = begin();
        let flight = async move {
            let _landed = landed;
            request.await
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            flights.by_key.insert(key, (number, weak));
        }
        flight
    }
}

/// Takes the flight off the board when it is over or given up.
struct Landed {
    flights: Flights,
    key: Key,
    number: u64,
}

impl Drop for Landed {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.by_key.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            flights.by_key.remove(&self.key);
        }
    }
}
