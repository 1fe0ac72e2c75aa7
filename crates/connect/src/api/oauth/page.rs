//! The pages for people who are no users here: plain HTML that works on any phone and without a script.

use accounts::is_colour;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::Problem;
use std::fmt::Write as _;

use crate::oauth::link::Invitation;
use crate::{Connect, Connection};

/// Nothing is loaded and nothing runs. Others may show the page in a frame: it holds a link, and no more.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors *";

/// A page and its status.
pub(super) struct Page(StatusCode, String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = (self.0, Html(self.1)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            HeaderName::from_static("referrer-policy"),
            HeaderValue::from_static("no-referrer"),
        );
        response
    }
}

/// Who asks for what, and the way on.
pub(super) fn invite(invitation: &Invitation, token: &str) -> Page {
    let (who, what) = (escape(&invitation.workspace), escape(&invitation.service));
    let mut body = format!("<h1>{who} asks to connect {what}</h1>");
    if !invitation.subject.is_empty() {
        let _ = write!(
            body,
            "<p>The account will be connected for <b>{}</b>.</p>",
            escape(&invitation.subject)
        );
    }
    if invitation.is_done {
        body.push_str(
            "<p class=\"note\">An account was connected through this link already. You can \
                       connect it again.</p>",
        );
    }
    if !invitation.scopes.is_empty() {
        body.push_str("<p>You will be asked for:</p><ul>");
        for scope in &invitation.scopes {
            let _ = write!(body, "<li><code>{}</code></li>", escape(scope));
        }
        body.push_str("</ul>");
    }
    let _ = write!(
        body,
        "<p><a class=\"go\" target=\"_blank\" rel=\"noopener\" href=\"/connect/{}/go\">Continue to {what}</a></p>\
         <p class=\"note\">You sign in at {what} itself. {who} never sees your password, and you can take \
         the access back at any time.</p>",
        escape(token)
    );
    let accent = invitation.accent.as_deref().filter(|text| is_colour(text));
    Page(StatusCode::OK, whole(&format!("Connect {what}"), accent, &body))
}

/// It is done.
pub(super) fn connected(connect: &Connect, connection: &Connection) -> Page {
    let provider = connect.catalog().get(&connection.provider);
    let what = escape(provider.map_or(&connection.provider, |provider| &provider.name));
    let account = connection.account.name.as_deref().map(escape);
    let account = account.map(|name| format!(" of <b>{name}</b>")).unwrap_or_default();
    let mut body = format!(
        "<h1>{what} is connected</h1><p>The account{account} works. You can close this page.</p>"
    );
    if !connection.missing_scopes.is_empty() {
        let missing: Vec<_> = connection.missing_scopes.iter().map(|it| escape(it)).collect();
        let _ = write!(
            body,
            "<p class=\"note\">Not granted: <code>{}</code>. What needs it stays empty.</p>",
            missing.join("</code>, <code>")
        );
    }
    Page(StatusCode::OK, whole("Connected", None, &body))
}

/// It is not.
pub(super) fn refused(problem: &Problem) -> Page {
    let status = StatusCode::from_u16(problem.code.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = format!(
        "<h1>{}</h1><p>{}</p><p class=\"note\">Code: <code>{}</code></p>",
        escape(problem.code.title),
        escape(&problem.detail),
        problem.code.name
    );
    Page(status, whole("Not connected", None, &body))
}

fn whole(title: &str, accent: Option<&str>, body: &str) -> String {
    let accent = accent.unwrap_or("#2f6f4f");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>\
         :root{{--accent:{accent};--back:#f6f6f3;--card:#fff;--text:#1c1d1b;--dim:#5c5f59;--line:#dcddd7}}\
         @media(prefers-color-scheme:dark){{:root{{--back:#161715;--card:#1f201e;--text:#ecece8;--dim:#a5a8a0;--line:#34362f}}}}\
         *{{box-sizing:border-box}}body{{margin:0;min-height:100vh;display:grid;place-items:center;\
         background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif;padding:16px}}\
         main{{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);\
         border-top:4px solid var(--accent);border-radius:12px;padding:28px}}\
         h1{{font-size:1.35rem;line-height:1.25;margin:0 0 12px}}p{{margin:12px 0}}ul{{margin:8px 0;padding-left:1.2rem}}\
         code{{font-size:.875em;overflow-wrap:anywhere}}.note{{color:var(--dim);font-size:.875rem}}\
         .go{{display:block;text-align:center;background:var(--accent);color:#fff;text-decoration:none;\
         font-weight:600;padding:14px;border-radius:8px;margin-top:20px}}\
         .go:focus-visible{{outline:3px solid var(--text);outline-offset:2px}}\
         </style></head><body><main>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::codes;

    #[test]
    fn what_others_say_is_never_markup() {
        let page = refused(&Problem::new(&codes::OAUTH_DENIED, "<script>alert('x')</script>"));
        assert!(page.1.contains("&lt;script&gt;alert(&#39;x&#39;)") && !page.1.contains("<script"));
        assert!(is_colour("#12aBef") && !is_colour("#12;ef}") && !is_colour("red"));
    }
}
