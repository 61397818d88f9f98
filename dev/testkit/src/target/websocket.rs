//! A WebSocket that sends back what comes (RFC 6455).

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use super::{
    connection::{Connection, Flow},
    request::Received,
};

/// Longest message.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Opcode of a frame that closes.
const CLOSE: u8 = 8;
/// Opcode of a frame that asks for a pong.
const PING: u8 = 9;
/// Opcode of the answer.
const PONG: u8 = 10;

/// The value of Sec-WebSocket-Accept that goes with a key.
pub fn accept_value(key: &str) -> String {
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    BASE64_STANDARD.encode(digest)
}

/// Switches protocols and echoes every message until a close frame.
pub(super) fn serve(to: &mut Connection, request: &Received) -> io::Result<Flow> {
    let Some(key) = request.header("sec-websocket-key") else {
        to.respond(426, "text/plain", b"a WebSocket is wanted here\n")?;
        return Ok(Flow::KeepAlive);
    };
    let accept = accept_value(key);
    to.write(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ))?;
    loop {
        let (first, payload) = read_frame(to)?;
        let opcode = first & 0x0f;
        let answer = if opcode == PING { 0x80 | PONG } else { first };
        write_frame(to, answer, &payload)?;
        if opcode == CLOSE {
            return Ok(Flow::Close);
        }
    }
}

/// Reads a frame of a client: its first byte and its payload, unmasked.
fn read_frame(from: &mut Connection) -> io::Result<(u8, Vec<u8>)> {
    let first = read_byte(from)?;
    let length = match read_byte(from)? & 0x7f {
        126 => read_number(from, 2)?,
        127 => read_number(from, 8)?,
        short => usize::from(short),
    };
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::other(format!("over {MESSAGE_BYTES_MAX} bytes")));
    }
    let mask = from.read_exactly(4)?;
    let masked = from.read_exactly(length)?;
    let pairs = masked.iter().zip(mask.iter().cycle());
    Ok((first, pairs.map(|(byte, mask)| byte ^ mask).collect()))
}

fn read_byte(from: &mut Connection) -> io::Result<u8> {
    Ok(from.read_exactly(1)?.first().copied().unwrap_or_default())
}

/// Reads a number of so many bytes, the highest first.
fn read_number(from: &mut Connection, bytes: usize) -> io::Result<usize> {
    let bytes = from.read_exactly(bytes)?;
    let number = bytes
        .iter()
        .try_fold(0_usize, |number, &byte| number.checked_mul(256)?.checked_add(usize::from(byte)));
    number.ok_or_else(|| io::Error::other("a length that no memory holds"))
}

fn write_frame(to: &mut Connection, first: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.extend(length.to_be_bytes().get(1)),
        Ok(length) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    to.write(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_value_is_that_of_the_rfc() {
        let value = accept_value("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(value, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
