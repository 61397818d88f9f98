//! One handshake and one small request for each connection.
//!
//! The request shows that the server, too, has come to the end of the handshake; some send their tickets no earlier.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use rustls::HandshakeKind;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::TlsConnector;

use crate::{
    ask::ask,
    clock,
    summary::Summary,
    tls::{self, Tickets},
};

/// Handshakes at the same time.
const AT_ONCE: usize = 16;

/// Makes handshakes for a while, all full or all resumed.
pub(crate) async fn run(
    resumed: bool,
    address: SocketAddr,
    cert: &str,
    length: Duration,
    cookie: &str,
) -> Result<()> {
    let mut clients = Vec::new();
    for _ in 0..AT_ONCE {
        let config = tls::client(cert, Tickets::new(resumed) as _)?;
        let connector = TlsConnector::from(Arc::new(config));
        let client = Client { connector, address, cookie: cookie.to_owned() };
        if resumed {
            // The ticket to come back with.
            client.visit().await?;
        }
        clients.push(client);
    }
    let kind = if resumed { HandshakeKind::Resumed } else { HandshakeKind::Full };
    let summary = Rc::new(RefCell::new(Summary::begin(length)));
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::task::spawn_local(client.visits(kind, Rc::clone(&summary))))
        .collect();
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

struct Client {
    connector: TlsConnector,
    address: SocketAddr,
    cookie: String,
}

impl Client {
    async fn visits(self, kind: HandshakeKind, summary: Rc<RefCell<Summary>>) -> Result<()> {
        loop {
            let began = clock::now();
            let was = self.visit().await?;
            ensure!(was == kind, "a handshake was {was:?}");
            if !summary.borrow_mut().count(began) {
                return Ok(());
            }
        }
    }

    async fn visit(&self) -> Result<HandshakeKind> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let mut stream = self.connector.connect(tls::name()?, tcp).await?;
        ask(&mut stream, &self.cookie).await?;
        let kind = stream.get_ref().1.handshake_kind().context("the handshake is done")?;
        stream.shutdown().await?;
        Ok(kind)
    }
}
