//! Takes the secrets of a request out of what is written about it.

use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};
use kernel::{MASK, Secret, looks_secret};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// Anything shorter is hidden where it is a whole value, but not inside other words.
const SHORTEST_PART: usize = 4;

/// The secrets of one request in the spellings they can appear in.
pub(crate) struct Redactor {
    secrets: Vec<Secret<String>>,
    spellings: Vec<Secret<String>>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[Secret<String>]) -> Self {
        let secrets: Vec<_> =
            secrets.iter().filter(|secret| !secret.expose().is_empty()).cloned().collect();
        let long = secrets.iter().filter(|secret| secret.expose().len() >= SHORTEST_PART);
        let mut spellings: Vec<_> = long.flat_map(|secret| spellings(secret.expose())).collect();
        // The longest first, so that no half of one stays behind.
        spellings.sort_by_key(|text| std::cmp::Reverse(text.len()));
        spellings.dedup();
        Self { secrets, spellings: spellings.into_iter().map(Secret::new).collect() }
    }

    /// The text with every secret masked.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for spelling in &self.spellings {
            if text.contains(spelling.expose()) {
                text = text.replace(spelling.expose(), MASK);
            }
        }
        text
    }

    /// Whether any secret stands in the text.
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| secret.expose() == text)
            || self.spellings.iter().any(|spelling| text.contains(spelling.expose()))
    }

    /// Whether the path or the query of the URL holds a secret.
    pub(crate) fn finds_in_url(&self, url: &Url) -> bool {
        self.finds(&decode(url.path()))
            || url.query_pairs().any(|(name, value)| self.finds(&name) || self.finds(&value))
    }

    /// The URL as it may be shown: without user, fragment, secrets, and parameters whose name says
    /// that they hold one. A path segment or a parameter that holds a secret is masked whole,
    /// however it was encoded.
    pub(crate) fn url(&self, url: &Url) -> String {
        let mut shown = format!("{}://{}", url.scheme(), self.authority(url));
        if self.finds(&decode(url.path()))
            && !url.path().split('/').any(|segment| self.finds(&decode(segment)))
        {
            shown.push('/');
            shown.push_str(MASK);
        } else {
            shown.push_str(&join(url.path(), '/', |segment| self.part(segment).to_owned()));
        }
        if let Some(query) = url.query() {
            shown.push('?');
            shown.push_str(&join(query, '&', |pair| self.pair(pair)));
        }
        shown
    }

    /// Host and port, masked where a secret is part of the name.
    pub(crate) fn authority(&self, url: &Url) -> String {
        self.text(&authority(url))
    }

    fn pair(&self, pair: &str) -> String {
        let Some((name, value)) = pair.split_once('=') else { return self.part(pair).to_owned() };
        let decoded = decode(&name.replace('+', " "));
        let named = looks_secret(&decoded) || says_key(&decoded);
        let hidden = named || self.finds(&decode(&value.replace('+', " ")));
        let value = if hidden { MASK } else { self.part(value) };
        format!("{}={value}", self.part(name))
    }

    fn part<'a>(&self, part: &'a str) -> &'a str {
        if self.finds(&decode(part)) || self.finds(part) { MASK } else { part }
    }
}

/// Host and port as they stand in the URL.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Parameters that hold a key under a name of their own.
fn says_key(name: &str) -> bool {
    ["key", "appid", "sig", "signature", "pass", "pwd", "auth"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn join(text: &str, by: char, each: impl Fn(&str) -> String) -> String {
    text.split(by).map(each).collect::<Vec<_>>().join(&by.to_string())
}

fn spellings(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut all = vec![
        secret.to_owned(),
        secret.to_lowercase(),
        percent.to_lowercase(),
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    // As base64 a text looks different by where in the encoded bytes it stands. What is the same in
    // each case are the letters that none of its neighbours' bits run into.
    for lead in 0..3 {
        let padded = [&b"\0\0"[..lead], secret.as_bytes()].concat();
        let first = [0, 2, 3][lead];
        let whole = padded.len() * 8 / 6;
        for text in [BASE64_STANDARD_NO_PAD.encode(&padded), BASE64_URL_SAFE_NO_PAD.encode(&padded)]
        {
            all.push(text[first..whole].to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let secrets: Vec<_> = secrets.iter().map(|text| Secret::new((*text).to_owned())).collect();
        Redactor::new(&secrets)
    }

    #[test]
    fn urls_lose_their_secrets() {
        let secrets = redactor(&["s3cret/+ key", "T0/B0/XYZW", "ab"]);
        for (url, shown) in [
            ("https://api.example/x?q=1", "https://api.example/x?q=1"),
            ("https://u:p@api.example:8443/x#f", "https://api.example:8443/x"),
            ("https://a.example/?v=s3cret%2F%2B%20key&b=2", "https://a.example/?v=••••&b=2"),
            ("https://a.example/?v=s3cret%2f%2b+key", "https://a.example/?v=••••"),
            ("https://a.example/?v=pre-s3cret/%2B%20key-post", "https://a.example/?v=••••"),
            ("https://a.example/hooks/s3cret%2F+%20key/x", "https://a.example/hooks/••••/x"),
            ("https://a.example/services/T0/B0/XYZW", "https://a.example/••••"),
            ("https://a.example/?v=ab&w=abc", "https://a.example/?v=••••&w=abc"),
            (
                "https://a.example/?appid=1&api_key=2&key=3",
                "https://a.example/?appid=••••&api_key=••••&key=••••",
            ),
        ] {
            assert_eq!(secrets.url(&url.parse().unwrap()), shown);
        }
    }

    #[test]
    fn texts_lose_their_secrets_in_every_spelling() {
        let secrets = redactor(&["p@ssWord!1", ""]);
        for lead in ["", "u:", "me:", "you:", "anna:"] {
            let basic = BASE64_STANDARD_NO_PAD.encode(format!("{lead}p@ssWord!1 and on"));
            assert!(secrets.text(&basic).contains(MASK), "{lead} {basic}");
        }
        for text in ["p@ssWord!1", "p%40ssWord%211", "p%40ssword%211", "p@ssword!1"] {
            assert_eq!(secrets.text(&format!("<{text}>")), format!("<{MASK}>"));
        }
        assert_eq!(secrets.text("nothing here"), "nothing here");
    }
}
