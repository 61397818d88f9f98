//! Version 1: `PROXY TCP4 192.0.2.7 198.51.100.1 40000 443` and a line end.

use std::{
    io::Write as _,
    net::{IpAddr, SocketAddr},
};

use crate::{Preamble, PreambleError};

pub(crate) const SIGNATURE: &[u8] = b"PROXY ";

/// Longest line, its end included, by the specification.
const LINE_BYTES_MAX: usize = 107;

pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Preamble, usize)>, PreambleError> {
    let window = bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes);
    let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
        let may_end = window.len() < LINE_BYTES_MAX;
        return if may_end { Ok(None) } else { Err(PreambleError::MalformedLine) };
    };
    let line = window.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let preamble = line.and_then(|line| str::from_utf8(line).ok()).and_then(read_line);
    Ok(Some((preamble.ok_or(PreambleError::MalformedLine)?, end + 1)))
}

fn read_line(line: &str) -> Option<Preamble> {
    let mut words = line.split(' ').skip(1);
    let is_right: fn(&IpAddr) -> bool = match words.next()? {
        // Whatever else the line says is to be ignored.
        "UNKNOWN" => return Some(Preamble::Local),
        "TCP4" => IpAddr::is_ipv4,
        "TCP6" => IpAddr::is_ipv6,
        _ => return None,
    };
    let mut address = || words.next()?.parse().ok().filter(is_right);
    let (source, destination) = (address()?, address()?);
    let mut port = || words.next().and_then(read_port);
    let (source_port, destination_port) = (port()?, port()?);
    if words.next().is_some() {
        return None;
    }
    Some(Preamble::Proxied {
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    })
}

/// Digits alone, and none too many.
fn read_port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = word.len() > 1 && word.starts_with('0');
    if is_plain && !is_padded { word.parse().ok() } else { None }
}

pub(crate) fn write(preamble: &Preamble, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = match preamble {
        Preamble::Local => out.write_all(b"PROXY UNKNOWN\r\n"),
        Preamble::Proxied { source, destination } => {
            let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
            let (from, to) = (source.ip(), destination.ip());
            write!(out, "PROXY {family} {from} {to} {} {}\r\n", source.port(), destination.port())
        }
    };
}
