//! One request for the small answer.

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Asks, and reads the whole answer, which is in one piece or few.
pub(crate) async fn ask(stream: &mut TlsStream<TcpStream>, cookie: &str) -> Result<()> {
    let request = format!("GET /small HTTP/1.1\r\nHost: bench.test\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !is_whole(&answer)? {
        let count = stream.read_buf(&mut answer).await?;
        ensure!(count > 0, "the connection was closed");
    }
    Ok(())
}

/// Whether head and body have come; an error if it is not what was asked for.
fn is_whole(answer: &[u8]) -> Result<bool> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(false) };
    ensure!(head.starts_with("HTTP/1.1 200 "), "not the answer that was wanted: {head}");
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.context("no Content-Length")?.trim().parse()?;
    Ok(body.len() >= length)
}
