//! Room `tls`: what comes before the first request, a handshake and finding out what is spoken.

use std::{net::SocketAddr, pin::pin, rc::Rc, sync::Arc, time::Duration};

use clingfish_model::limits::TLS_HANDSHAKE_WITHIN;
use clingfish_snapshot::ListenerView;
use clingfish_tls::ServerTls;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::{
    connection::{self, Caller, Connection},
    http2, preamble,
    stream::{Socket, Stream},
    worker::{Door, Worker},
};

/// How often a client that has sent a part of a preface is asked for the rest.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(10);

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

/// Whether something comes before HTTP/1, or may.
fn needs_greeting(listener: &ListenerView) -> bool {
    let listener = &listener.listener;
    listener.tls.is_some() || listener.h2c || listener.has_proxy_protocol()
}

async fn greet(mut caller: Caller, mut tcp: TcpStream) {
    let worker = Rc::clone(caller.worker());
    let view = worker.view();
    let Some(listener) = caller.listener(&view) else { return };
    if listener.listener.has_proxy_protocol()
        && !preamble::receive(&mut caller, listener, &mut tcp).await
    {
        return;
    }
    let (stream, is_http2) = match (&listener.tls, &listener.listener.tls) {
        (Some(tls), _) => match shake_hands(&caller, tls, tcp).await {
            Some(stream) => {
                let is_http2 = stream.facts().is_some_and(|facts| facts.is_http2);
                (stream, is_http2)
            }
            None => return worker.meter.tls_handshakes_failed.increment(),
        },
        // An HTTPS listener without a certificate that could be read says nothing rather than anything in the clear.
        (None, Some(_)) => return worker.meter.tls_handshakes_failed.increment(),
        (None, None) => {
            caller.deadline.set_now(listener.balancer.timeouts.idle);
            let is_http2 = listener.listener.h2c && begins_with_preface(&caller, &tcp).await;
            (Stream::Plain(tcp), is_http2)
        }
    };
    let connection = Connection::new(caller, stream);
    if is_http2 {
        tokio::task::spawn_local(http2::serve(connection));
    } else {
        tokio::task::spawn_local(connection::run(connection));
    }
}

async fn shake_hands(caller: &Caller, tls: &ServerTls, tcp: TcpStream) -> Option<Stream> {
    caller.deadline.set_now(TLS_HANDSHAKE_WITHIN);
    let accept = TlsAcceptor::from(Arc::clone(&tls.config)).accept(Socket::new(tcp));
    let meter = &caller.worker().meter;
    match caller.deadline.guard(accept).await {
        Ok(Ok(io)) => {
            let facts = tls.facts(io.get_ref().1);
            let resumed = facts.is_resumed;
            let counter = if resumed { &meter.tls_resumptions } else { &meter.tls_handshakes };
            counter.increment();
            Some(Stream::tls(io, Some(Rc::new(facts))))
        }
        Ok(Err(error)) => {
            tracing::debug!(client = %caller.peer(), %error, "TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(client = %caller.peer(), "TLS handshake took too long");
            None
        }
    }
}

/// Whether the client begins as HTTP/2 does. Looks without taking anything.
async fn begins_with_preface(caller: &Caller, tcp: &TcpStream) -> bool {
    // No method begins so: these letters are kept for this (RFC 9113 section 3.4).
    let mut start = [0; 3];
    loop {
        let peeked = caller.deadline.guard(pin!(tcp.peek(&mut start))).await;
        let Ok(Ok(count)) = peeked else { return false };
        let said = start.get(..count).unwrap_or_default();
        if said.is_empty() || !http2::PREFACE.starts_with(said) {
            return false;
        }
        if count == start.len() {
            return true;
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
}
