//! The pages that people see: one to agree on, one for a device's code, one that says what is wrong.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::Platform;

const CSS: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#f4f4f2;margin:0}\
    main{max-width:26rem;margin:3rem auto;padding:1.5rem;background:#fff;border:1px solid #ccc;\
    border-radius:8px}h1{font-size:1.25rem;margin-top:0}fieldset{border:1px solid #ccc;\
    border-radius:6px;margin:1rem 0}label{display:block;padding:.2rem 0;overflow-wrap:anywhere}\
    button{font:inherit;padding:.5rem 1.25rem;border-radius:6px;border:1px solid #1a1a1a;\
    background:#fff;cursor:pointer}button[value=allow]{background:#1a1a1a;color:#fff}\
    small{color:#555}";

/// Who asks, whose account it is to be, and what is granted.
pub(super) fn consent(
    platform: &Platform,
    app: &str,
    hidden: &[(&str, &str)],
    scopes: &[String],
) -> Html<String> {
    let title = platform.style.service.title();
    let hidden: String = hidden
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
        })
        .collect();
    let accounts: String = platform
        .accounts()
        .iter()
        .enumerate()
        .map(|(nth, account)| {
            format!(
                "<label><input type=\"radio\" name=\"account\" value=\"{}\"{}> {} \
                 <small>@{}</small></label>",
                account.handle,
                if nth == 0 { " checked" } else { "" },
                escape(&account.name),
                account.handle,
            )
        })
        .collect();
    let scopes: String = scopes
        .iter()
        .map(|scope| {
            let scope = escape(scope);
            format!(
                "<label><input type=\"checkbox\" name=\"granted\" value=\"{scope}\" checked> \
                 {scope}</label>"
            )
        })
        .collect();
    let scopes = match scopes.as_str() {
        "" => String::new(),
        boxes => format!("<fieldset><legend>What it may do</legend>{boxes}</fieldset>"),
    };
    document(
        &format!("Connect to {title}"),
        &format!(
            "<p><b>{}</b> asks for access to an account at {title}.</p><form method=\"post\">\
             {hidden}<fieldset><legend>Account</legend>{accounts}</fieldset>{scopes}\
             <button name=\"decision\" value=\"allow\">Allow</button> \
             <button name=\"decision\" value=\"deny\">Deny</button></form>\
             <p><small>This is the sandbox, not {title} itself.</small></p>",
            escape(app)
        ),
    )
}

/// Asks for the code that a device shows.
pub(super) fn user_code() -> Html<String> {
    document(
        "Connect a device",
        "<form><label>The code that your device shows \
         <input name=\"user_code\" autocomplete=\"off\" required></label>\
         <button>Continue</button></form>",
    )
}

/// Says how something ended.
pub(super) fn told(title: &str, text: &str) -> Html<String> {
    document(title, &format!("<p>{}</p>", escape(text)))
}

/// Says why nobody is asked.
pub(super) fn refused(platform: &Platform, message: &str) -> Response {
    let title = format!("{} cannot do this", platform.style.service.title());
    (StatusCode::BAD_REQUEST, told(&title, message)).into_response()
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn document(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{CSS}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    ))
}
