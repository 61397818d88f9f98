//! What rules look at.

use std::net::IpAddr;

use clingfish_model::{
    RequestHead,
    head::{split_query, without_port},
};

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method and fields.
    pub(crate) head: RequestHead<'a>,
    /// The host that the client asks for, without a port, as it wrote it.
    pub(crate) host: &'a [u8],
    /// Without the query.
    pub(crate) path: &'a [u8],
    /// Without the question mark; empty where there is none.
    pub(crate) query: &'a [u8],
    /// The peer of the connection.
    pub(crate) peer: IpAddr,
}

impl<'a> Request<'a> {
    /// Takes the head apart. Path and query are given apart from it, because a target may get to see another form of them.
    pub fn new(head: RequestHead<'a>, path_and_query: &'a [u8], peer: IpAddr) -> Self {
        let (path, query) = split_query(path_and_query);
        Self { head, host: without_port(head.authority()), path, query, peer }
    }
}
