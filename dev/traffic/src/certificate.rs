//! A certificate that every proxy shows: ECDSA on P-256, signed by itself.

use std::{fs, path::Path};

use anyhow::Result;

use crate::tls::NAME;

/// Writes chain, key, and both in one file, which is how HAProxy wants them.
pub(crate) fn make(dir: &Path) -> Result<()> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    fs::write(dir.join("cert.pem"), &cert)?;
    fs::write(dir.join("key.pem"), &key)?;
    Ok(fs::write(dir.join("both.pem"), [cert, key].concat())?)
}
