use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(bytes: impl AsRef<[u8]>, kind: &str, format: Format) -> Result<Value, DecodeError> {
    decode(bytes.as_ref(), Some(kind), format, &Options::default())
}

fn check(bytes: impl AsRef<[u8]>, kind: &str, format: Format, expected: Value) {
    let shown = String::from_utf8_lossy(bytes.as_ref()).into_owned();
    assert_eq!(read(bytes, kind, format), Ok(expected), "{shown} as {kind}");
}

#[test]
fn json_is_read_strictly() {
    check("{\"a\": 1, \"a\": 2}", "", Format::Json, json!({"a": 2}));
    check("\u{feff}[1]", "", Format::Json, json!([1]));
    check("\u{feff}[1]", "", Format::Auto, json!([1]));
    check([0xFF, 0xFE, b'[', 0, b'1', 0, b']', 0], "", Format::Json, json!([1]));
    check("18446744073709551615", "", Format::Json, json!(u64::MAX));
    let refused = |bytes: &[u8]| {
        assert!(matches!(read(bytes, "", Format::Json), Err(DecodeError::Malformed { .. })));
    };
    refused(b"");
    refused(b"{\"a\": \"\xFF\"}");
    refused(b"[1] 2");
    refused(b"NaN");
    refused("[".repeat(100_000).as_bytes());
    refused((("[".repeat(200)) + &"]".repeat(200)).as_bytes());
    let small = Options { max_bytes: 3, max_items: None };
    assert_eq!(
        decode(b"[1, 2]", None, Format::Json, &small),
        Err(DecodeError::TooLarge { bytes: 6, limit: 3 })
    );
}

#[test]
fn the_format_is_found_out() {
    check("{\"a\": 1}", "application/vnd.api+json; charset=utf-8", Format::Auto, json!({"a": 1}));
    check("{\"a\": 1}", "text/plain", Format::Auto, json!({"a": 1}));
    check("{not json", "text/plain", Format::Auto, json!("{not json"));
    check("hello", "", Format::Auto, json!("hello"));
    check("42", "", Format::Auto, json!(42));
    check("<a>1</a>", "", Format::Auto, json!({"a": "1"}));
    check("<p>broken", "", Format::Auto, json!("<p>broken"));
    check("<html><p>x</html>", "text/html", Format::Auto, json!("<html><p>x</html>"));
    check(
        "a=1&b=x+y&a=2",
        "application/x-www-form-urlencoded",
        Format::Auto,
        json!({"a": ["1", "2"], "b": "x y"}),
    );
    check(
        "a,b\n1,\"x, \"\"y\"\"\"\r\n\n3,4",
        "text/csv",
        Format::Auto,
        json!([{"a": "1", "b": "x, \"y\""}, {"a": "3", "b": "4"}]),
    );
    check(b"caf\xE9", "text/plain; charset=iso-8859-1", Format::Auto, json!("café"));
    assert!(read("{not json", "application/json", Format::Auto).is_err());
    let feed = read(
        "<rss version=\"2.0\"><channel><title>t</title></channel></rss>",
        "text/xml",
        Format::Auto,
    );
    assert_eq!(feed.unwrap()["title"], "t");
    let json_feed = json!({"version": "https://jsonfeed.org/version/1.1", "title": "j",
        "items": [{"id": "1", "content_text": "x"}]});
    let feed = read(json_feed.to_string(), "application/feed+json", Format::Auto).unwrap();
    assert_eq!((&feed["title"], &feed["items"][0]["id"]), (&json!("j"), &json!("1")));
}

#[test]
fn xml_becomes_json() {
    let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><!-- c --><r a=\"1 &amp; 2\"><i>x</i><i k=\"v\">y</i>\
        <e/><t>a&lt;b<![CDATA[ & c]]> &#233;</t></r>";
    check(
        xml,
        "",
        Format::Xml,
        json!({"r": {"@a": "1 & 2", "i": ["x", {"@k": "v", "#text": "y"}],
        "e": "", "t": "a<b & c é"}}),
    );
    check(
        b"<?xml version='1.0' encoding='windows-1252'?><a>caf\xE9</a>",
        "",
        Format::Xml,
        json!({"a": "café"}),
    );
    let refused = |xml: &str| assert!(read(xml, "", Format::Xml).is_err(), "{xml}");
    refused("");
    refused("text");
    refused("<a>");
    refused("<a></b>");
    refused("<a>&unknown;</a>");
    refused(&("<a>".repeat(500) + &"</a>".repeat(500)));
}

#[test]
fn document_types_and_entities_are_refused() {
    for body in [
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]><rss version=\"2.0\"><channel><title>&b;</title></channel></rss>",
        "<!doctype feed><feed xmlns=\"http://www.w3.org/2005/Atom\"/>",
    ] {
        for format in [Format::Xml, Format::Feed, Format::Auto] {
            assert_eq!(
                read(body, "application/xml", format),
                Err(DecodeError::Dtd),
                "{body} {format:?}"
            );
        }
    }
}

#[test]
fn items_without_an_id_keep_the_same_one() {
    let feed = "<rss version=\"2.0\"><channel><title>t</title><item><title>a</title></item>\
        <item><title>b</title><link>https://e.org/b</link></item></channel></rss>";
    let ids = || {
        let feed = read(feed, "", Format::Feed).unwrap();
        [feed["items"][0]["id"].clone(), feed["items"][1]["id"].clone()]
    };
    assert_eq!(ids(), ids());
    assert_eq!(ids()[1], "https://e.org/b");
    let two = Options { max_items: Some(1), ..Options::default() };
    let cut = decode(feed.as_bytes(), None, Format::Feed, &two).unwrap();
    assert_eq!(cut["items"].as_array().unwrap().len(), 1);
}

const FORMATS: [Format; 7] = [
    Format::Auto,
    Format::Json,
    Format::Feed,
    Format::Xml,
    Format::Csv,
    Format::Form,
    Format::Text,
];

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in "[a-z/+;= -]{0,30}") {
        for format in FORMATS {
            let _ = decode(&bytes, Some(&kind), format, &Options::default());
        }
    }

    #[test]
    fn no_markup_panics(text in "(<(/|!|\\?)?(rss|feed|item|entry|a|!\\[CDATA\\[|!--)? ?(version=\"2.0\")?/?>?|&[a-z#0-9]{0,4};|x| ){0,30}") {
        for start in ["", "<rss version=\"2.0\"><channel>", "<feed xmlns=\"http://www.w3.org/2005/Atom\">"] {
            for format in FORMATS {
                let _ = decode(format!("{start}{text}").as_bytes(), None, format, &Options::default());
            }
        }
    }
}
