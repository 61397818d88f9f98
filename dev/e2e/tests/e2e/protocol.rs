//! HTTP/1 as targets and clients see it.

mod answers;
mod connections;
mod forwarding;
mod framing;
mod old_clients;
mod smuggling;
mod statuses;

use std::net::SocketAddr;

use clingfish_testkit::{RawClient, Received, Response, Target};

/// Sends these bytes on a connection of their own and reads the final answer.
#[track_caller]
fn ask(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Response {
    let mut client = RawClient::connect(address).expect("it accepts");
    client.send(&bytes).expect("it reads");
    let answer = client.read_final_response();
    answer.unwrap_or_else(|error| {
        panic!("{error} after {:?}", String::from_utf8_lossy(bytes.as_ref()))
    })
}

/// The last request that the target received.
#[track_caller]
fn last(target: &Target) -> Received {
    target.requests().pop().expect("a request came")
}
