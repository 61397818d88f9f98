//! Sessions as logs show them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Eight hexadecimal digits that stand for a session: the same on every instance, and no way back to the session's id.
pub fn session_tag(session: [u8; 8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"clingfish logged session\0");
    hasher.update(session);
    let digest: [u8; 32] = hasher.finalize().into();
    digest.iter().take(4).fold(String::new(), |mut tag, byte| {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
        tag
    })
}
