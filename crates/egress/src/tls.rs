//! Which certificates are trusted: the machine's, and those of private authorities that the operator
//! names.

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// The certificates that were to be trusted cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the extra root certificates cannot be used: {0}")]
pub struct BadRoots(String);

/// The settings of every TLS connection that leaves.
pub(crate) fn client(extra_roots: &[u8]) -> Result<ClientConfig, BadRoots> {
    let bad = |error: &dyn std::fmt::Display| BadRoots(error.to_string());
    let provider = provider();
    let extra = CertificateDer::pem_slice_iter(extra_roots)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| bad(&error))?;
    if extra.is_empty() && !extra_roots.is_empty() {
        return Err(BadRoots("there is no PEM certificate in them".into()));
    }
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?;
    let mut config = match Verifier::new_with_extra_roots(extra.iter().cloned(), provider) {
        Ok(machine) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(machine);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Err(error) => {
            tracing::warn!(%error, "no root certificates on this machine; install ca-certificates");
            let mut roots = RootCertStore::empty();
            extra.into_iter().try_for_each(|root| roots.add(root)).map_err(|error| bad(&error))?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The one provider of the house, made the process's default if nobody did so before.
fn provider() -> Arc<CryptoProvider> {
    if let Some(provider) = CryptoProvider::get_default() {
        return provider.clone();
    }
    // Losing the race means that somebody else installed the same one.
    let _ = aws_lc_rs::default_provider().install_default();
    Arc::new(aws_lc_rs::default_provider())
}
