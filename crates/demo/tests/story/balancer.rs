//! A small balancer in place of Clingfish, with flaws to choose from: the story must notice them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use clingfish_demo::{Lever, LeverFuture, instance_name};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// What is wrong with a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Nothing,
    NeverSticky,
    AlwaysSticky,
    SilentAboutVerdicts,
    RehomesOnFirstFailure,
    ErrorPageOnFirstFailure,
    CallsEveryoneBack,
}

pub(crate) struct Balancer {
    apps: Vec<SocketAddr>,
    flaw: Flaw,
    sticky: AtomicBool,
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    next: usize,
    failures: [u32; 2],
    returned: Option<usize>,
}

impl Lever for Balancer {
    fn set_stickiness(&self, on: bool) -> LeverFuture<'_> {
        let on = match self.flaw {
            Flaw::NeverSticky => false,
            Flaw::AlwaysSticky => true,
            _ => on,
        };
        self.sticky.store(on, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }
}

impl Balancer {
    pub(crate) async fn start(apps: Vec<SocketAddr>, flaw: Flaw) -> (Arc<Self>, SocketAddr) {
        let balancer =
            Arc::new(Self { apps, flaw, sticky: AtomicBool::new(false), turn: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap();
        let router = Router::new().fallback(handle).with_state(Arc::clone(&balancer));
        tokio::spawn(axum::serve(listener, router).into_future());
        (balancer, front)
    }

    /// The next one in turn that is not ejected.
    fn pick(&self) -> usize {
        let mut turn = self.turn.lock().unwrap();
        turn.next += 1;
        let first = turn.next % 2;
        if turn.failures[first] < 3 { first } else { 1 - first }
    }

    /// Counts failures in a row: three eject. This stands for health checks too.
    async fn connect(&self, target: usize) -> Option<TcpStream> {
        let stream = TcpStream::connect(self.apps[target]).await.ok();
        let mut turn = self.turn.lock().unwrap();
        let failures = &mut turn.failures[target];
        let was_ejected = *failures >= 3;
        *failures = if stream.is_some() { 0 } else { *failures + 1 };
        if was_ejected && stream.is_some() {
            turn.returned = Some(target);
        }
        stream
    }
}

async fn handle(State(balancer): State<Arc<Balancer>>, request: Request) -> Response {
    let flaw = balancer.flaw;
    let mut target = balancer.pick();
    let mut verdict = "off";
    let mut binds = false;
    if balancer.sticky.load(Ordering::Relaxed) {
        let is_ejected = |home: usize| balancer.turn.lock().unwrap().failures[home] >= 3;
        (verdict, binds) = ("new", true);
        if let Some(home) = home(&request) {
            (verdict, binds) = ("hit", false);
            target = home;
            if is_ejected(home) {
                (verdict, binds) = ("target_unhealthy", true);
                target = 1 - home;
            }
            let returned = balancer.turn.lock().unwrap().returned;
            if let (Flaw::CallsEveryoneBack, Some(returned)) = (flaw, returned) {
                target = returned;
            }
        }
    }
    for ejected in 0..2 {
        if balancer.turn.lock().unwrap().failures[ejected] >= 3 {
            balancer.connect(ejected).await;
        }
    }
    let stream = match balancer.connect(target).await {
        Some(stream) => stream,
        None if flaw == Flaw::ErrorPageOnFirstFailure => {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        None => {
            target = 1 - target;
            if flaw == Flaw::RehomesOnFirstFailure {
                (verdict, binds) = ("target_unhealthy", true);
            } else if verdict == "hit" {
                verdict = "detour";
            }
            balancer.connect(target).await.unwrap()
        }
    };
    let mut response = forward(request, stream).await;
    let headers = response.headers_mut();
    if flaw != Flaw::SilentAboutVerdicts {
        headers.insert("clingfish-verdict", verdict.parse().unwrap());
        headers.insert("clingfish-target", instance_name(target).parse().unwrap());
    }
    if binds {
        let cookie = format!("home={target}; Path=/");
        headers.append(header::SET_COOKIE, cookie.parse().unwrap());
    }
    response
}

fn home(request: &Request) -> Option<usize> {
    let cookies = request.headers().get(header::COOKIE)?.to_str().ok()?;
    let (_, value) = cookies.split_once("home=")?;
    value.get(..1)?.parse().ok()
}

async fn forward(mut request: Request, stream: TcpStream) -> Response {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let client = hyper::upgrade::on(&mut request);
    let mut response = sender.send_request(request).await.unwrap();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let target = hyper::upgrade::on(&mut response);
        tokio::spawn(async {
            let (client, target) = tokio::try_join!(client, target).unwrap();
            let (mut client, mut target) = (TokioIo::new(client), TokioIo::new(target));
            // Ends when either side does, however it does.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
        });
    }
    response.map(Body::new)
}
