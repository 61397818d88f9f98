//! What comes before the first request: a TLS handshake, and finding out what is spoken.

use std::{net::SocketAddr, rc::Rc};

use clingfish_model::limits::TLS_HANDSHAKE_WITHIN;
use clingfish_snapshot::ListenerView;
use tokio::net::TcpStream;

use crate::{
    connection::{self, Caller, Connection},
    http2,
    stream::Stream,
    worker::{Door, Worker},
};

/// Welcomes a client, then leaves its connection to a task that is as small as what is spoken allows.
pub(crate) fn welcome(worker: &Rc<Worker>, door: &Rc<Door>, tcp: TcpStream, peer: SocketAddr) {
    let caller = Caller::new(worker, door, peer);
    let view = worker.view();
    match caller.listener(&view) {
        Some(listener) if needs_greeting(listener) => {
            tokio::task::spawn_local(Box::pin(greet(caller, tcp)));
        }
        _ => {
            let connection = Connection::new(caller, Stream::Plain(tcp));
            tokio::task::spawn_local(connection::run(connection));
        }
    }
}

/// Whether something comes before HTTP/1.
fn needs_greeting(listener: &ListenerView) -> bool {
    listener.listener.h2c
}

async fn greet(caller: Caller, tcp: TcpStream) {
    let worker = Rc::clone(caller.worker());
    let view = worker.view();
    let Some(listener) = caller.listener(&view) else { return };
    caller.deadline.set_now(TLS_HANDSHAKE_WITHIN);
    let (stream, is_http2) = (Stream::Plain(tcp), false);
    let is_http2 = is_http2
        || listener.listener.h2c && begins_with_preface(&caller, &stream).await;
    let connection = Connection::new(caller, stream);
    if is_http2 {
        tokio::task::spawn_local(http2::serve(connection));
    } else {
        tokio::task::spawn_local(connection::run(connection));
    }
}

