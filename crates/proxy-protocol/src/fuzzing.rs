//! What a fuzzer calls.

use crate::{BYTES_MAX, Preamble, Version, read};

/// Reads any bytes. Panics where a law of the codec breaks.
pub fn preamble(data: &[u8]) {
    let outcome = read(data);
    let Ok(Some((preamble, len))) = outcome else {
        return;
    };
    assert!(len <= data.len() && len <= BYTES_MAX, "{len} bytes of {}", data.len());
    let (whole, _) = data.split_at(len);
    assert_eq!(read(whole), outcome, "what follows changes nothing");
    for cut in 0..len {
        let (part, _) = data.split_at(cut);
        assert_eq!(read(part), Ok(None), "the first {cut} bytes are no preamble, and no error");
    }
    if let Preamble::Proxied { .. } = preamble {
        for version in [Version::V1, Version::V2] {
            let mut written = Vec::new();
            preamble.write(version, &mut written);
            let again = read(&written);
            assert_eq!(again, Ok(Some((preamble, written.len()))), "{version:?}");
        }
    }
}
