//! Room `listener`: takes connections from one listening socket.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    rc::Rc,
};

use clingfish_model::limits::ACCEPT_BACKOFF;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    greet,
    worker::{Door, Worker},
};

/// Accepts until the door closes; then takes what is already waiting, because closing would reset it.
pub(crate) async fn run(worker: Rc<Worker>, door: Rc<Door>, socket: StdListener) {
    let mut opened = worker.shared.opened.clone();
    tokio::select! {
        biased;
        () = door.closing.notified() => return,
        // Whoever could still open it may have gone: then it stays closed.
        opened = opened.wait_for(|opened| *opened) => if opened.is_err() { return },
    }
    let listener = match TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(address = %door.address, %error, "cannot accept on listener");
            return;
        }
    };
    loop {
        tokio::select! {
            biased;
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => welcome(&worker, &door, tcp, peer),
                Err(error) => pause_after(&door, &error).await,
            },
            () = door.closing.notified() => break,
        }
    }
    let Ok(listener) = listener.into_std() else {
        return;
    };
    loop {
        match listener.accept() {
            Ok((tcp, peer)) => {
                if tcp.set_nonblocking(true).is_ok()
                    && let Ok(tcp) = TcpStream::from_std(tcp)
                {
                    welcome(&worker, &door, tcp, peer);
                }
            }
            // Others may wait behind it.
            Err(error) if is_gone(&error) => {}
            Err(_) => return,
        }
    }
}

fn welcome(worker: &Rc<Worker>, door: &Rc<Door>, tcp: TcpStream, peer: SocketAddr) {
    if !worker.admit() {
        worker.meter.connections_refused.increment();
        return;
    }
    // Without it answers would wait for acknowledgements; a kernel that refuses it only costs time.
    let _ = tcp.set_nodelay(true);
    greet::welcome(worker, &worker.door(door), tcp, peer);
}

/// A connection that was reset while it waited is nobody's fault; without descriptors, accepting again at once would spin.
async fn pause_after(door: &Door, error: &io::Error) {
    if !is_gone(error) {
        tracing::warn!(listener = %door.address, %error, "cannot accept connections, trying again");
        tokio::time::sleep(ACCEPT_BACKOFF).await;
    }
}

/// Whether only the one connection is lost.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
