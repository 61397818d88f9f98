//! Connections over TCP, with TLS where the URL asks for it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use clingfish_tls::{Authorities, ClientTls, File, TargetParts};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::TlsConnector;

use super::{CheckError, Client, NoAnswer, Version};
use crate::options::Trust;

/// What an HTTP connection runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) type Io = Box<dyn Stream>;

/// What handshakes are made with; what is offered by ALPN is for each connection to say.
pub(super) fn tls(trust: &Trust) -> Result<Arc<ClientConfig>, CheckError> {
    let authorities = match trust {
        Trust::Anybody => None,
        Trust::Authorities { name, pem } => {
            Some(Arc::new(Authorities::read(File { name, bytes: pem })?))
        }
    };
    let parts = TargetParts { authorities, server_name: None, client: None, http2: false };
    let mut config = ClientConfig::clone(ClientTls::new(parts, 0).config_for_checks());
    // A session that resumes could lead home without a cookie.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

pub(super) async fn dial(client: &Client, version: Version, place: usize) -> Result<Io, NoAnswer> {
    let tcp = connect(client, place).await.map_err(NoAnswer::Connect)?;
    let _ = tcp.set_nodelay(true);
    if !client.url.https {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(client.url.host.clone())
        .map_err(|error| NoAnswer::Tls(std::io::Error::other(error)))?;
    let mut config = ClientConfig::clone(&client.tls);
    let protocol: &[u8] = match version {
        Version::Http1 => b"http/1.1",
        Version::Http2 => b"h2",
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    let stream = match (stream, version) {
        (Ok(stream), _) => stream,
        // Refuses what is offered, as RFC 7301 asks.
        (Err(error), Version::Http2) if error.to_string().contains("NoApplicationProtocol") => {
            return Err(NoAnswer::NoHttp2);
        }
        (Err(error), _) => return Err(NoAnswer::Tls(error)),
    };
    if version == Version::Http2 && stream.get_ref().1.alpn_protocol() != Some(protocol) {
        return Err(NoAnswer::NoHttp2);
    }
    Ok(Box::new(stream))
}

/// Tries the host's addresses in order.
async fn connect(client: &Client, place: usize) -> std::io::Result<TcpStream> {
    let from = place.checked_rem(client.from.len()).and_then(|place| client.from.get(place));
    let mut last = std::io::Error::other("no address of the kind that --from names");
    for address in &client.addresses {
        match connect_to(*address, from.copied()).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect_to(address: SocketAddr, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(address).await
}
