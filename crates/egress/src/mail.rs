//! E-mail leaves by the one door, too: through the server that the operator has named, with TLS wherever
//! that server offers it.

use kernel::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Message, Tokio1Executor};
use std::time::Duration;

/// Why a message was not sent, or cannot be.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address of the server cannot be used.
    #[error(
        "the SMTP address cannot be read; write it as smtps://user:password@host or smtp://host:587"
    )]
    Server,
    /// An address of a person cannot be used.
    #[error("{0:?} is no e-mail address")]
    Address(String),
    /// The server did not take the message.
    #[error("the mail server did not take the message: {0}")]
    Refused(String),
}

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// How long the server is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

impl Mailer {
    /// A mailer for the server at `url` (`smtps://…`, `smtp://…`, `smtp://…?tls=required`), which writes
    /// in the name of `from`.
    ///
    /// # Errors
    /// [`MailError`] when one of them cannot be read. The address holds a password and is not repeated.
    pub fn new(url: &Secret<String>, from: &str) -> Result<Self, MailError> {
        let from = mailbox(from)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose());
        let transport = transport.map_err(|_| MailError::Server)?.timeout(Some(PATIENCE)).build();
        Ok(Self { transport, from })
    }

    /// Sends plain text to one person.
    ///
    /// # Errors
    /// [`MailError`] when the server did not take it; it may be sent again.
    pub async fn send(&self, to: &str, subject: &str, text: String) -> Result<(), MailError> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(mailbox(to)?)
            .subject(subject)
            .body(text)
            .map_err(|error| MailError::Refused(error.to_string()))?;
        let sent = self.transport.send(message).await;
        sent.map(drop).map_err(|error| MailError::Refused(error.to_string()))
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Mailer({})", self.from.email)
    }
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|_| MailError::Address(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_with_a_password_is_never_repeated() {
        let mailer = |url: &str, from: &str| Mailer::new(&Secret::new(url.to_owned()), from);
        let error = mailer("imap://ada:hush@host", "a@example.com").unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
        assert!(matches!(mailer("smtp://host", "nobody"), Err(MailError::Address(_))));
        let made = mailer("smtps://ada:hush@host", "Patchbay <a@example.com>").unwrap();
        assert_eq!(format!("{made:?}"), "Mailer(a@example.com)");
    }
}
