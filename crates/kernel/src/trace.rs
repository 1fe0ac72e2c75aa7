//! What belongs together: a push, and every event, job and request that follows from it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Entropy;

/// The id of a trace, as W3C Trace Context has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Trace([u8; 16]);

impl Trace {
    /// A new one.
    pub fn begin(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The one that a `traceparent` header names.
    pub fn of_parent(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (version, id, _span) = (parts.next()?, parts.next()?, parts.next()?);
        let known = version.len() == 2 && version != "ff";
        if known { id.parse().ok().filter(|it: &Self| it.0 != [0; 16]) } else { None }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Trace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no trace id: that is 32 lower-case hexadecimal digits");
        let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return Err(wrong());
        }
        u128::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes())).map_err(|_| wrong())
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for Trace {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_as_the_standard_writes_it() {
        // https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = Trace::of_parent(parent).unwrap();
        assert_eq!(trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::of_parent(wrong), None, "{wrong}");
        }
    }
}
