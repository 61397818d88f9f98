//! Writing heads and bodies anew. Framing bytes of one side never reach the other.

use std::num::NonZeroUsize;

use clingfish_model::Version;

/// End of a line.
pub const LINE_END: &[u8] = b"\r\n";

/// What follows the data of a chunk.
pub const CHUNK_TAIL: &[u8] = LINE_END;

/// Writes `GET /path HTTP/1.1` with its line end. Both parts come from a head that was read.
pub fn request_line(out: &mut Vec<u8>, method: &[u8], path_and_query: &[u8]) {
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(path_and_query);
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Writes `HTTP/1.1 200 OK` with its line end. A client of HTTP/1.0 is told our own version as well (RFC 9110 section
/// 6.2), so pass [`Version::Http11`] unless it is known to mind.
pub fn status_line(out: &mut Vec<u8>, version: Version, status: u16, reason: &[u8]) {
    out.extend_from_slice(match version {
        Version::Http10 => b"HTTP/1.0 ",
        _ => b"HTTP/1.1 ",
    });
    decimal(out, u64::from(status));
    out.push(b' ');
    out.extend_from_slice(reason);
    out.extend_from_slice(LINE_END);
}

/// Writes one field line. Name and value come from a head that was read, or are ours.
pub fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    debug_assert!(
        !value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)),
        "a value must not end its line"
    );
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(LINE_END);
}

/// Writes the Content-Length field.
pub fn content_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    decimal(out, length);
    out.extend_from_slice(LINE_END);
}

/// Writes `Transfer-Encoding: chunked`.
pub fn chunked(out: &mut Vec<u8>) {
    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
}

/// Ends a head.
pub fn head_end(out: &mut Vec<u8>) {
    out.extend_from_slice(LINE_END);
}

/// Writes what precedes the data of a chunk. A chunk of no bytes would end the body, so there is none.
pub fn chunk_head(out: &mut Vec<u8>, len: NonZeroUsize) {
    number::<16>(out, len.get() as u64);
    out.extend_from_slice(LINE_END);
}

/// Writes a whole chunk; nothing where there is no data.
pub fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if let Some(len) = NonZeroUsize::new(data.len()) {
        chunk_head(out, len);
        out.extend_from_slice(data);
        out.extend_from_slice(CHUNK_TAIL);
    }
}

/// Ends a chunked body with trailers as [`crate::BodyDecoder::trailers`] gives them, or none.
pub fn last_chunk(out: &mut Vec<u8>, trailers: &[u8]) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(trailers);
    out.extend_from_slice(LINE_END);
}

/// Writes a number in decimal digits.
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    self::number::<10>(out, number);
}

fn number<const BASE: u64>(out: &mut Vec<u8>, mut number: u64) {
    // 2^64 has 20 decimal digits.
    let mut digits = [0; 20];
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        *digit = match (number % BASE) as u8 {
            low @ 0..=9 => b'0' + low,
            high => b'a' + high - 10,
        };
        number /= BASE;
        len += 1;
        if number == 0 {
            break;
        }
    }
    let start = digits.len() - len;
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}
