//! Pushes that nobody signed: whatever is sent, no scheme of the catalog takes it for its provider's,
//! and no handshake, envelope or vector file breaks the verifier. The input is one request: a line of
//! query, lines of headers, an empty line, the body. What reads as JSON is tried as vectors too.
#![no_main]

use catalog::Catalog;
use catalog::push::{Push, SignatureSpec};
use hooks::verify::{Request, Verifier, handshake, vectors};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Secret, Timestamp};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);
/// No input holds it, so no input can be signed with it.
const SECRET: &str = "whsec_c2lnbmVkIGJ5IG5vYm9keSBhdCBhbGw=";

static PUSHES: LazyLock<Vec<Push>> = LazyLock::new(|| {
    let catalog = Catalog::embedded().expect("the built-in catalog");
    catalog.iter().filter_map(|provider| provider.push.clone()).collect()
});

fuzz_target!(|input: &[u8]| {
    let (url, headers, body) = split(input);
    let request = Request { method: "POST", url: &url, headers: &headers, body };
    let secrets = [Secret::new(SECRET.to_owned())];
    for push in PUSHES.iter() {
        for scheme in &push.schemes {
            let verifier = Verifier::new(&scheme.signature, &secrets);
            let verdict = verifier.verify(&request, NOW);
            assert!(verdict.is_err(), "{} takes it for signed", scheme.name);
            assert!(Verifier::new(&scheme.signature, &[]).verify(&request, NOW).is_err());
        }
        let spec: Option<&SignatureSpec> = push.default_scheme().map(|scheme| &scheme.signature);
        let verifier = spec.map(|spec| Verifier::new(spec, &secrets));
        let none = |_: &str| None;
        drop(handshake::answer(&push.handshakes, &request, &none, verifier.as_ref(), NOW));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let first = |_: &str| PUSHES.first().cloned();
        drop(vectors::run(text, &first, NOW));
    }
});

fn split(input: &[u8]) -> (String, HeaderMap, &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (&[][..], input),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let query = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    (format!("https://patchbay.test/api/webhooks/x?{query}"), headers, body)
}
