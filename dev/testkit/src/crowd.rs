//! Hundreds of thousands of clients, over a few connections, as a proxy in front would bring them.

use std::{io, net::SocketAddr, thread};

use crate::{RawClient, Response};

/// Connections at the same time.
const CONNECTIONS: usize = 4;

/// Requests that are on their way on one connection.
const PIPELINED: usize = 32;

/// One GET of each client, with the header lines that `lines` gives for its number, each with its line end. Returns what `see` makes of the
/// answers, in the order of the clients.
///
/// Whoever answers must take them for strangers to each other though they share connections, as Clingfish does behind one of its
/// `trusted_proxies`.
///
/// # Panics
///
/// When an answer does not come, or is not 200.
#[track_caller]
pub fn crowd<T: Send>(
    address: SocketAddr,
    clients: usize,
    lines: impl Fn(usize) -> String + Sync,
    see: impl Fn(usize, Response) -> T + Sync,
) -> Vec<T> {
    let (lines, see) = (&lines, &see);
    let each = clients.div_ceil(CONNECTIONS).max(1);
    let share = |first: usize| move || visit(address, first..clients.min(first + each), lines, see);
    thread::scope(|scope| {
        let shares = (0..clients).step_by(each).map(|first| scope.spawn(share(first)));
        let shares: Vec<_> = shares.collect();
        let seen = shares.into_iter().map(|share| share.join().expect("each says what is wrong"));
        seen.flat_map(|seen| seen.expect("every client is answered")).collect()
    })
}

fn visit<T>(
    address: SocketAddr,
    clients: std::ops::Range<usize>,
    lines: &impl Fn(usize) -> String,
    see: &impl Fn(usize, Response) -> T,
) -> io::Result<Vec<T>> {
    let mut connection = RawClient::connect(address)?;
    let mut seen = Vec::with_capacity(clients.len());
    for first in clients.clone().step_by(PIPELINED) {
        let some = first..clients.end.min(first + PIPELINED);
        let request =
            |client| format!("GET / HTTP/1.1\r\nHost: shop.example\r\n{}\r\n", lines(client));
        connection.send(some.clone().map(request).collect::<String>())?;
        for client in some {
            let answer = connection.read_final_response()?;
            assert_eq!(answer.status, 200, "client {client}: {answer:?}");
            seen.push(see(client, answer));
        }
    }
    Ok(seen)
}
