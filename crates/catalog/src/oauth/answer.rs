//! What a token endpoint answered. Whatever it says, it is either granted or refused, and what is of the
//! wrong sort is as good as absent: a token that cannot be sent is no token, a lifetime that is no number is
//! unknown.

use kernel::Secret;
use serde_json::{Map, Value};

use super::{Answer, OAuth};

/// Longer tokens do not fit into the headers that servers accept.
const MAX_TOKEN: usize = 32 << 10;
/// What is longer was meant as "for ever": a hundred years.
const LONGEST: f64 = 3_153_600_000.0;
const MAX_CODE: usize = 100;
const MAX_DESCRIPTION: usize = 500;

/// Access was granted.
#[derive(Clone)]
pub struct Granted {
    /// What requests prove it with.
    pub access_token: Secret<String>,
    /// What renews it. Absent: the one there was stays.
    pub refresh_token: Option<Secret<String>>,
    /// For how many seconds the access token holds, when the answer says so.
    pub expires_in: Option<u64>,
    /// For how many seconds the refresh token holds, when the answer says so.
    pub refresh_expires_in: Option<u64>,
    /// What was granted, when the answer says so; absent means what was asked for (RFC 6749, 5.1).
    pub scopes: Option<Vec<String>>,
    /// Further secrets, by the name they have in `{{token.…}}`.
    pub secrets: Map<String, Value>,
    /// What is not secret, by the name it has in `{{connection.…}}`.
    pub capture: Map<String, Value>,
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let capture: Vec<_> = self.capture.keys().collect();
        out.debug_struct("Granted")
            .field("expires_in", &self.expires_in)
            .field("scopes", &self.scopes)
            .field("capture", &capture)
            .finish_non_exhaustive()
    }
}

/// Access was not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code: what the provider says, or `http_503`, or `no_access_token`.
    pub error: String,
    /// What the provider says of it.
    pub description: Option<String>,
    /// Whether what was presented (a code, a refresh token) is no longer good. Never true of a failure on the
    /// provider's side.
    pub is_invalid_grant: bool,
}

impl Answer {
    /// Reads what a token endpoint answered. A body that is not JSON is passed as a string.
    ///
    /// # Errors
    /// What was refused, and why.
    pub fn read(oauth: &OAuth, status: u16, body: &Value) -> Result<Granted, Refused> {
        let answer = &oauth.answer;
        let known = [
            ("access_token", &answer.access_token),
            ("refresh_token", &answer.refresh_token),
            ("expires_in", &answer.expires_in),
            ("refresh_expires_in", &answer.refresh_expires_in),
            ("scope", &answer.scope),
            ("error", &answer.error),
            ("error_description", &answer.error_description),
        ];
        let named = |prefix: &str, name: &str| format!("{prefix}.{name}");
        let secrets = answer.secrets.iter().map(|(name, program)| (named("secret", name), program));
        let capture = oauth.capture.iter().map(|(name, program)| (named("capture", name), program));
        let further: Vec<(String, &String)> = secrets.chain(capture).collect();
        let programs = known
            .into_iter()
            .chain(answer.success.iter().map(|program| ("success", program)))
            .chain(further.iter().map(|(name, program)| (name.as_str(), *program)))
            .map(|(name, program)| (name, program.as_str()));
        let mut found = oauth.gather.run(programs, body.clone(), None);
        // A program that fails on this answer finds nothing in it.
        let mut take = |name: &str| found.take(name).ok().flatten();

        let denied = answer.success.is_some() && take("success") != Some(Value::Bool(true));
        let token = take("access_token").and_then(token);
        let Some(access_token) = token.filter(|_| (200..300).contains(&status) && !denied) else {
            return Err(refused(answer, status, take("error"), take("error_description")));
        };
        let mut gathered = |prefix: &str, names: &mut dyn Iterator<Item = &String>| {
            let value = |name: &String| Some((name.clone(), take(&named(prefix, name))?));
            names.filter_map(value).filter(|(_, value)| value != "").collect::<Map<_, _>>()
        };
        let secrets = gathered("secret", &mut answer.secrets.keys());
        let capture = gathered("capture", &mut oauth.capture.keys());
        Ok(Granted {
            access_token,
            refresh_token: take("refresh_token").and_then(self::token),
            expires_in: take("expires_in").and_then(seconds),
            refresh_expires_in: take("refresh_expires_in").and_then(seconds),
            scopes: take("scope").and_then(|scope| scopes(&scope, &oauth.scopes.separator)),
            secrets,
            capture,
        })
    }
}

/// A token that fits into a header.
fn token(value: Value) -> Option<Secret<String>> {
    let Value::String(text) = value else { return None };
    let fits = !text.is_empty()
        && text.len() <= MAX_TOKEN
        && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace());
    fits.then(|| Secret::new(text))
}

/// A lifetime, also as text. Zero and less say nothing: taken at their word, a token would be renewed for ever.
fn seconds(value: Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|secs: &f64| *secs >= 1.0).map(|secs| secs.min(LONGEST) as u64)
}

/// Scopes as a list or as text. Empty says nothing: several providers always send it so.
fn scopes(value: &Value, separator: &str) -> Option<Vec<String>> {
    let split = |text: &str| -> Vec<String> {
        let parts = text.split(|letter: char| {
            letter.is_whitespace() || letter == ',' || separator.contains(letter)
        });
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let found = match value {
        Value::String(text) => split(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).flat_map(split).collect(),
        _ => Vec::new(),
    };
    (!found.is_empty()).then_some(found)
}

fn refused(
    answer: &Answer,
    status: u16,
    error: Option<Value>,
    description: Option<Value>,
) -> Refused {
    let shown = |value: Option<Value>, longest: usize| {
        let text = match value? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let text: String =
            text.trim().chars().filter(|letter| !letter.is_control()).take(longest).collect();
        (!text.is_empty()).then_some(text)
    };
    let said = shown(error, MAX_CODE);
    let is_invalid_grant = status < 500
        && status != 429
        && said
            .as_ref()
            .is_some_and(|code| code == "invalid_grant" || answer.invalid_grant.contains(code));
    let error = said.unwrap_or_else(|| match status {
        200..300 => "no_access_token".to_owned(),
        status => format!("http_{status}"),
    });
    Refused { error, description: shown(description, MAX_DESCRIPTION), is_invalid_grant }
}

#[cfg(test)]
mod tests;
