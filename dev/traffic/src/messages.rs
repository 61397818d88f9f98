//! WebSockets that play ping-pong, and the target that throws back.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async, tungstenite::Message};

use crate::{clock, summary::Summary};

/// WebSockets at the same time.
const SOCKETS: usize = 64;
/// Length of a message.
const BYTES: usize = 64;

/// Throws back whatever comes.
pub(crate) async fn echo(tcp: TcpStream) -> Result<()> {
    let mut socket = accept_async(tcp).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// Sends messages for a while, on each socket the next one when the echo is back, and no sooner than `interval` after the last.
pub(crate) async fn run(address: SocketAddr, length: Duration, interval: Duration) -> Result<()> {
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        sockets.push(client_async("ws://bench.test/messages", tcp).await?.0);
    }
    let summary = Rc::new(RefCell::new(Summary::begin(length)));
    let play = |(number, socket)| {
        tokio::task::spawn_local(play(number, socket, interval, Rc::clone(&summary)))
    };
    let tasks: Vec<_> = sockets.into_iter().enumerate().map(play).collect();
    let mut errors = 0;
    for task in tasks {
        if let Err(error) = task.await? {
            eprintln!("{error:#}");
            errors += 1;
        }
    }
    Rc::into_inner(summary).context("all tasks have ended")?.into_inner().print(errors);
    Ok(())
}

async fn play(
    number: usize,
    mut socket: WebSocketStream<TcpStream>,
    interval: Duration,
    summary: Rc<RefCell<Summary>>,
) -> Result<()> {
    for turn in 0_u64.. {
        let began = clock::now();
        // No two are alike, so that none can stand for another.
        let text = format!("{number:>width$} {turn:>20}", width = BYTES - 21);
        socket.send(Message::text(text.clone())).await?;
        let echo = socket.next().await.context("the WebSocket was closed")??;
        ensure!(echo.to_text()? == text, "the echo is another message");
        if !summary.borrow_mut().count(began) {
            break;
        }
        if !interval.is_zero() {
            tokio::time::sleep_until((began + interval).into()).await;
        }
    }
    Ok(socket.close(None).await?)
}
