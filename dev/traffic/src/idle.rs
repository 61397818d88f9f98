//! Clients that come through TLS, ask once and wait. They take a step whenever a line can be read, and say that it is done.

use std::{
    io::{BufRead, stdin},
    net::SocketAddr,
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    ask::ask,
    tls::{self, Tickets},
};

/// Requests on one connection before the others come, so that what is made once does not count.
const WARM: usize = 1000;

/// Warms up; opens connections that make one request each; makes another request on each.
pub(crate) async fn run(address: SocketAddr, cert: &str, count: usize, cookie: &str) -> Result<()> {
    let config = Arc::new(tls::client(cert, Tickets::new(false) as _)?);
    let mut clients = vec![Client::connect(address, &config).await?];
    let first = clients.first_mut().context("there is one")?;
    for _ in 0..WARM {
        ask(&mut first.0, cookie).await?;
    }
    step("warm")?;
    for _ in 0..count {
        let mut client = Client::connect(address, &config).await?;
        ask(&mut client.0, cookie).await?;
        clients.push(client);
    }
    step("open")?;
    for client in &mut clients {
        ask(&mut client.0, cookie).await?;
    }
    step("there")
}

/// Says what is done, and waits to be told to go on. Blocks: nothing else is to happen meanwhile.
fn step(done: &str) -> Result<()> {
    println!("{done}");
    ensure!(stdin().lock().read_line(&mut String::new())? > 0, "nobody wants the next step");
    Ok(())
}

struct Client(TlsStream<TcpStream>);

impl Client {
    async fn connect(address: SocketAddr, config: &Arc<rustls::ClientConfig>) -> Result<Self> {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        Ok(Self(TlsConnector::from(Arc::clone(config)).connect(tls::name()?, tcp).await?))
    }
}
