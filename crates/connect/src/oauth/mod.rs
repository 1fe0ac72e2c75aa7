//! The OAuth broker: it sends people to a provider, exchanges what they bring back, keeps what was
//! granted alive, and gives it back. It knows no provider by name; how each differs is in the catalog.
//!
//! Sources: RFC 6749 (OAuth 2.0), RFC 7636 (PKCE), RFC 8628 (device), RFC 7523 (JWT), RFC 9207 (`iss`),
//! RFC 8414 (metadata), RFC 7009 (revocation), RFC 9700 (security).

pub(crate) mod account;
pub(crate) mod authorize;
pub(crate) mod call;
pub(crate) mod callback;
pub(crate) mod check;
pub(crate) mod device;
pub(crate) mod link;
pub(crate) mod metadata;
pub(crate) mod mint;
pub(crate) mod revoke;
pub(crate) mod signed;
pub(crate) mod state;
pub(crate) mod terms;
pub(crate) mod token;
