//! `traffic`: what the load benchmark needs besides wrk and h2load, each a subcommand.
//!
//! Everything runs on one thread, and everything that comes back is compared with what should.

mod ask;
mod certificate;
mod clock;
mod grpc;
mod handshakes;
mod idle;
mod messages;
mod summary;
mod tls;

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, LocalOptions},
};

const HELP: &str = "\
traffic certificate DIR                          makes cert.pem, key.pem and both.pem for bench.test
traffic targets GRPC_A GRPC_B MESSAGES_A MESSAGES_B   answers gRPC and WebSockets at four addresses
traffic handshakes full|resumed ADDRESS CERT SECONDS COOKIE   makes one handshake for each connection
traffic messages ADDRESS SECONDS [RATE]          plays ping-pong over WebSockets, at most so many a second on each
traffic idle ADDRESS CERT COUNT COOKIE           keeps connections, step by step as it reads lines";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["certificate", dir] = *args {
        return certificate::make(Path::new(dir));
    }
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(run(&args))
}

async fn run(args: &[&str]) -> Result<()> {
    match *args {
        ["targets", grpc_a, grpc_b, messages_a, messages_b] => {
            answer(grpc_a, |tcp| grpc::serve(tcp, "a")).await?;
            answer(grpc_b, |tcp| grpc::serve(tcp, "b")).await?;
            answer(messages_a, messages::echo).await?;
            answer(messages_b, messages::echo).await?;
            std::future::pending().await
        }
        ["handshakes", kind, address, cert, seconds, cookie] => {
            let resumed = match kind {
                "full" => false,
                "resumed" => true,
                _ => bail!("{HELP}"),
            };
            handshakes::run(resumed, address.parse()?, cert, length(seconds)?, cookie).await
        }
        ["messages", address, seconds] => {
            messages::run(address.parse()?, length(seconds)?, Duration::ZERO).await
        }
        ["messages", address, seconds, rate] => {
            let rate: u32 = rate.parse()?;
            let interval = Duration::from_secs(1).checked_div(rate).context("a rate of 0")?;
            messages::run(address.parse()?, length(seconds)?, interval).await
        }
        ["idle", address, cert, count, cookie] => {
            idle::run(address.parse()?, cert, count.parse()?, cookie).await
        }
        _ => bail!("{HELP}"),
    }
}

fn length(seconds: &str) -> Result<Duration> {
    Ok(Duration::from_secs(seconds.parse().context("not a number of seconds")?))
}

/// Serves every connection to an address in a task of its own, whose trouble is that of its client.
async fn answer<F>(address: &str, serve: impl Fn(TcpStream) -> F + 'static) -> Result<()>
where
    F: Future<Output = Result<()>> + 'static,
{
    let listener = TcpListener::bind(address.parse::<SocketAddr>()?).await?;
    tokio::task::spawn_local(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if tcp.set_nodelay(true).is_ok() {
                let serving = serve(tcp);
                tokio::task::spawn_local(async move { serving.await.ok() });
            }
        }
    });
    Ok(())
}
