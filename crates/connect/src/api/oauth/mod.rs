//! Where browsers come: back from providers, and to connect links. Everything here is for people, and
//! answers pages.

pub(super) mod browser;
pub(super) mod callback;
pub(super) mod link;
mod page;
