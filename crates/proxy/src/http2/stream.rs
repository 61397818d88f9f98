//! One stream of a client's connection: a request of HTTP/2 becomes an exchange.

use std::{
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
};

use bytes::Bytes;
use clingfish_h1::RequestFraming;
use clingfish_model::{RequestHead, UnixMillis};
use clingfish_snapshot::ListenerView;
use clingfish_tls::PeerFacts;
use h2::{Reason, RecvStream, server::SendResponse};
use http::Request;

use super::{Replying, head};
use crate::{
    answer::Refused,
    boxed::boxed,
    connection::Caller,
    deadline::Deadline,
    exchange::{End, Exchange, Notes},
    first_home::Remembered,
    forward::Facts,
    inbound::{self, Scratch},
    outcome::Outcome,
    refusal::Refusal,
    reply::Client,
    source::{Frames, Source},
    tunnel::{self, Tunnel},
};

/// A request that has come on a connection.
struct Served<'c> {
    caller: &'c Caller,
    tls: Option<&'c Rc<PeerFacts>>,
    first_home: &'c Remembered,
    deadline: Deadline,
    replying: Replying,
    scratch: Box<Scratch>,
    /// What its head came to; none where its listener is gone.
    framing: Option<Result<RequestFraming, Refusal>>,
}

/// Takes over what a request's head says, and begins to serve it.
///
/// The exchange may take long, so it keeps nothing of the head as it came, and is boxed: what joins the other streams is a pointer.
pub(super) fn begin<'c>(
    caller: &'c Caller,
    tls: Option<&'c Rc<PeerFacts>>,
    first_home: &'c Remembered,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Pin<Box<impl Future<Output = ()> + use<'c>>> {
    let worker = caller.worker();
    let view = worker.view();
    let mut scratch = worker.take_scratch();
    scratch.make_room();
    let framing = caller.listener(&view).map(|listener| read(&request, listener, &mut scratch));
    let mut served = Served {
        caller,
        tls,
        first_home,
        deadline: worker.deadlines.open(caller.door.id),
        replying: Replying::new(respond),
        scratch,
        framing,
    };
    let body = request.into_body();
    // What is borrowed stays where the block has it: what is handed over would be there twice.
    boxed(move || async move {
        // Pinned here, since what is awaited is moved there, all of it.
        pin!(served.serve(body)).await;
        served.caller.worker().keep_scratch(served.scratch);
    })
}

/// Reads a head into `scratch`.
fn read(
    request: &Request<RecvStream>,
    listener: &ListenerView,
    scratch: &mut Scratch,
) -> Result<RequestFraming, Refusal> {
    let balancer = &*listener.balancer;
    let ends = request.body().is_end_stream();
    let (bytes, parts) = (&mut scratch.head, &mut scratch.request);
    let framing = head::read_request(request, ends, &balancer.request_limits, bytes, parts);
    let framing = framing.map_err(Refusal::Head)?;
    inbound::normalize_path(bytes, parts, balancer)?;
    Ok(framing)
}

impl Served<'_> {
    /// Serves the request to its end.
    async fn serve(&mut self, body: RecvStream) {
        let Self { caller, tls, first_home, deadline, replying, scratch, framing } = self;
        let (worker, deadline, replying) = (caller.worker(), &*deadline, &*replying);
        let view = &*worker.view();
        let Some((framing, listener)) = framing.take().zip(caller.listener(view)) else {
            return replying.refuse();
        };
        let balancer = &*listener.balancer;
        let facts = Facts::new(caller.peer(), caller.door.address, *tls, balancer);
        let mut outcome = Outcome::new(facts, caller.id, listener, worker);
        let mut client = Client::frames(replying);
        let mut source = Source::Frames(Frames::of_client(body, replying));
        let Scratch { request: parts, response, trace, head: bytes } = &mut **scratch;
        let framing = match framing {
            Ok(framing) => framing,
            Err(refusal) => {
                let refused = Refused { refusal, head: None, keeps: true };
                refused.answer(&mut client, worker, deadline, listener, &mut outcome).await;
                outcome.finish(None, balancer, b"", worker);
                return source.drain(deadline).await;
            }
        };
        let head = RequestHead::new(bytes, parts);
        let exchange = Exchange {
            worker,
            view,
            listener,
            deadline,
            facts,
            head,
            framing,
            rest: &[],
            now: UnixMillis(outcome.created_at.0 / 1000),
            closing: false,
        };
        let head_bytes = exchange.framing.head_len as u64;
        outcome.begin(head, head_bytes, exchange.facts.is_https(head));
        let mut notes = Notes { outcome: &mut outcome, first_home, response, trace };
        match exchange.run(&mut source, &mut client, &mut notes).await {
            End::Answered { .. } => {}
            End::Refused { refusal, .. } => {
                // It may have begun a session where nobody is at home.
                first_home.forget();
                let refused = Refused { refusal, head: Some(head), keeps: true };
                refused.answer(&mut client, worker, deadline, listener, &mut outcome).await;
            }
            End::Broken => replying.outflow.reset(Reason::INTERNAL_ERROR),
            End::Upgraded(upgraded) => {
                outcome.keep(head, balancer, trace, worker);
                let tunnel = Tunnel::new(upgraded, balancer, outcome);
                return tunnel::run(worker, deadline, source, client.sink, tunnel).await;
            }
        }
        deadline.runs_on(0);
        outcome.finish(Some(head), balancer, trace, worker);
        source.drain(deadline).await;
    }
}
