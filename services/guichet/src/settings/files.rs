//! Files and directories that settings name.

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// Why a file cannot be read.
pub(super) fn file_fault(path: &Path) -> Option<String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Some(format!("{shown} is a directory, not a file")),
        Ok(_) => File::open(path)
            .err()
            .map(|error| format!("{shown} cannot be read: {error}")),
        Err(error) => Some(format!("{shown} cannot be read: {error}")),
    }
}

/// Why a directory cannot be used. One that is not there is made.
pub(super) fn directory_fault(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Some(format!("{} is no directory", path.display())),
        Ok(_) => fs::read_dir(path)
            .err()
            .map(|error| format!("{} cannot be read: {error}", path.display())),
        // What it would be made in is a file.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Some(format!("{} cannot be made: {error}", path.display()))
        }
        Err(_) => None,
    }
}

/// Why a PEM file holds no authorities.
pub(super) fn authorities_fault(path: &Path) -> Option<String> {
    if let Some(fault) = file_fault(path) {
        return Some(fault);
    }
    match certificates(path) {
        Ok(found) if found.is_empty() => Some(format!("{} holds no certificate", path.display())),
        Ok(_) => None,
        Err(fault) => Some(fault),
    }
}

/// Why a certificate chain and a key do not serve together.
pub(super) fn pair_fault(chain: &Path, key: &Path) -> Option<String> {
    let certificates = match certificates(chain) {
        Ok(found) if found.is_empty() => return Some(format!("{} holds no certificate", chain.display())),
        Ok(found) => found,
        Err(fault) => return Some(fault),
    };
    let own = match PrivateKeyDer::from_pem_file(key) {
        Ok(own) => own,
        Err(error) => {
            return Some(format!(
                "cannot be used, since {} holds no key: {error}",
                key.display()
            ));
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(certificates, own));
    let fault = config.err()?;
    Some(format!(
        "{} and the key in {} do not serve together: {fault}",
        chain.display(),
        key.display()
    ))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{} cannot be read as PEM: {error}", path.display()))
}
