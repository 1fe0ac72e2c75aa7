//! What a browser shows of itself: its session here, or a mark that a connect link gave it. Only hashes
//! are kept.

use accounts::gate::{SESSION_COOKIE, cookie};
use db::Db;
use http::HeaderMap;
use vault::{TokenHash, new_token};

/// The cookie that a connect link gives to the browser that follows it.
const COOKIE: &str = "patchbay_connect";

/// The hash of the session, for who has one.
pub(in crate::api) fn session(headers: &HeaderMap) -> Option<String> {
    cookie(headers, SESSION_COOKIE).map(|token| TokenHash::of(token).to_hex())
}

/// The hashes of all that it shows.
pub(super) fn marks(headers: &HeaderMap) -> Vec<String> {
    let mark = cookie(headers, COOKIE).map(|token| TokenHash::of(token).to_hex());
    session(headers).into_iter().chain(mark).collect()
}

/// A new mark: its hash, and the header that sets it for as long as an authorization holds.
pub(super) fn mark(db: &Db, is_https: bool) -> (String, String) {
    let token = new_token("", db.entropy());
    let secure = if is_https { "; Secure" } else { "" };
    let set =
        format!("{COOKIE}={}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax{secure}", token.expose());
    (TokenHash::of(token.expose()).to_hex(), set)
}
