//! Reading an answer: what it is read as, whether it is a success in truth, what is made of it, and what it
//! says where it is none.

use serde_json::Value;

use crate::decode::{self, DecodeError};
use crate::jq::{self, JqError, Program};
use crate::provider::Format;

/// How the answers to a request are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What an answer is read as.
    pub format: Format,
    /// jq from the answer to the document.
    pub transform: Option<Program>,
    /// jq that says whether a 2xx answer is a success in truth.
    pub success: Option<Program>,
    /// jq to the message for people in an answer that is an error.
    pub error_message: Option<Program>,
    /// jq to the provider's own code in an answer that is an error.
    pub error_code: Option<Program>,
    /// What `$config` is in those programs.
    pub config: Value,
    /// Longer answers are refused.
    pub max_bytes: usize,
}

/// Why there is nothing to read in an answer.
#[derive(Debug)]
pub enum Unread {
    /// The provider refused: by its status, or within an answer of 200.
    Refused {
        /// The status.
        status: u16,
        /// What it says to people.
        message: Option<String>,
        /// The provider's own code.
        code: Option<String>,
    },
    /// The bytes are not what they should be.
    Format(DecodeError),
    /// A program failed on it.
    Program(JqError),
}

/// Messages are cut after so many letters.
const MAX_MESSAGE: usize = 300;

impl Reading {
    /// Of answers that are taken as they are.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            transform: None,
            success: None,
            error_message: None,
            error_code: None,
            config: Value::Object(serde_json::Map::new()),
            max_bytes: decode::Options::default().max_bytes,
        }
    }

    /// The answer as JSON, before the transform. It computes, as do all below: call it where that holds
    /// nobody up.
    ///
    /// # Errors
    /// [`Unread`] for what is no success, or cannot be read.
    pub fn read(
        &self,
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Value, Unread> {
        let options = decode::Options { max_bytes: self.max_bytes, ..decode::Options::default() };
        if !(200..300).contains(&status) {
            let body = decode::decode(body, content_type, Format::Auto, &options);
            return Err(self.refusal(status, body.unwrap_or_default()));
        }
        let read =
            decode::decode(body, content_type, self.format, &options).map_err(Unread::Format)?;
        match &self.success {
            Some(success) if self.run(success, read.clone())? != Value::Bool(true) => {
                Err(self.refusal(status, read))
            }
            _ => Ok(read),
        }
    }

    /// What is made of an answer that was read.
    ///
    /// # Errors
    /// [`Unread::Program`].
    pub fn transformed(&self, read: Value) -> Result<Value, Unread> {
        match &self.transform {
            Some(program) => self.run(program, read),
            None => Ok(read),
        }
    }

    /// Runs a program on an answer.
    ///
    /// # Errors
    /// [`Unread::Program`].
    pub fn run(&self, program: &Program, input: Value) -> Result<Value, Unread> {
        jq::run_with(program, input, self.config.clone(), jq::Limits::default())
            .map_err(Unread::Program)
    }

    fn refusal(&self, status: u16, body: Value) -> Unread {
        let said = |program: &Option<Program>| {
            let said = self.run(program.as_ref()?, body.clone()).ok()?;
            match said {
                Value::String(text) => short(&text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        };
        let code = said(&self.error_code);
        let message = match (&self.error_message, &body) {
            (None, Value::String(text)) => short(text),
            (program, _) => said(program),
        };
        Unread::Refused { status, message, code }
    }
}

fn short(text: &str) -> Option<String> {
    let short: String = text.trim().chars().take(MAX_MESSAGE).collect();
    (!short.is_empty()).then_some(short)
}
