//! An error as a caller sees it: RFC 9457 problem details with a stable code. What is inside the
//! machine (the chain of causes) is logged, never answered.

use serde::Serialize;

use crate::Code;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer to the field, for instance `/config/base_url`.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// A problem that can be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What kind it is; decides the status and the title.
    pub code: &'static Code,
    /// What happened in this case and what to do about it, as a sentence.
    pub detail: String,
    /// The fields that are wrong, when that is what is wrong.
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// A problem of this kind that says what an error says, as a sentence.
    pub fn of(code: &'static Code, error: &impl std::fmt::Display) -> Self {
        Self::new(code, sentence(&error.to_string()))
    }

    /// Names a wrong field.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), message: message.into() });
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after = Some(secs);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.code.name, self.detail)
    }
}

impl std::error::Error for Problem {}

/// With a capital and an end. What begins with a name, such as that of a host or a field, keeps its letters.
fn sentence(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_word = word.trim_end_matches([',', ':', ';']).chars().all(char::is_alphabetic);
    let mut letters = text.chars();
    let first = match letters.next() {
        Some(first) if is_word => first.to_uppercase().to_string(),
        first => first.map(String::from).unwrap_or_default(),
    };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence() {
        for (error, told) in [
            ("no connection to a.example: refused", "No connection to a.example: refused."),
            ("a.example sent no answer within 15 s", "a.example sent no answer within 15 s."),
            ("/path: there is no value `x`", "/path: there is no value `x`."),
            ("It is over!", "It is over!"),
            ("", "."),
        ] {
            assert_eq!(Problem::of(&crate::codes::INVALID, &error).detail, told);
        }
    }
}
