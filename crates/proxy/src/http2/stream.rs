//! One stream of a client's connection: a request of HTTP/2 becomes an exchange.

use std::rc::Rc;

use clingfish_model::{RequestHead, UnixMillis};
use clingfish_snapshot::ListenerView;
use clingfish_tls::PeerFacts;
use h2::{Reason, RecvStream};
use http::Request;

use super::{Replying, head};
use crate::{
    answer::Refused,
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
    view::View,
};

/// What a stream knows of its connection.
pub(super) struct Served<'c> {
    caller: &'c Caller,
    deadline: Deadline,
    tls: Option<&'c Rc<PeerFacts>>,
    first_home: &'c Remembered,
}

impl<'c> Served<'c> {
    pub(super) fn new(
        caller: &'c Caller,
        tls: Option<&'c Rc<PeerFacts>>,
        first_home: &'c Remembered,
    ) -> Self {
        Self { caller, deadline: caller.worker().deadlines.open(caller.door.id), tls, first_home }
    }

    /// Serves the request to its end.
    pub(super) async fn serve(self, request: Request<RecvStream>, replying: Replying) {
        let worker = self.caller.worker();
        let view = worker.view();
        let Some(listener) = self.caller.listener(&view) else {
            return replying.refuse();
        };
        let mut scratch = worker.take_scratch();
        scratch.make_room();
        self.exchange(&view, listener, request, &replying, &mut scratch).await;
        worker.keep_scratch(scratch);
    }

    async fn exchange(
        &self,
        view: &View,
        listener: &ListenerView,
        request: Request<RecvStream>,
        replying: &Replying,
        scratch: &mut Scratch,
    ) {
        let (worker, deadline, balancer) =
            (self.caller.worker(), &self.deadline, &*listener.balancer);
        let facts = Facts::new(self.caller.peer(), self.caller.door.address, self.tls, balancer);
        let mut outcome = Outcome::new(&facts, self.caller.id, listener, worker);
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, ());
        let (limits, ends) = (&balancer.request_limits, body.is_end_stream());
        let mut client = Client::frames(replying);
        let Scratch { request: parts, response, trace, head: bytes } = scratch;
        let framing = head::read_request(&request, ends, limits, bytes, parts);
        // All of it has been taken over, and the exchange may take long.
        drop(request);
        let framing = framing.map_err(Refusal::Head).and_then(|framing| {
            inbound::normalize_path(bytes, parts, balancer)?;
            Ok(framing)
        });
        let framing = match framing {
            Ok(framing) => framing,
            Err(refusal) => {
                let refused = Refused { refusal, head: None, keeps: true };
                refused.answer(&mut client, worker, deadline, listener, &mut outcome).await;
                return outcome.finish(None, balancer, b"", worker);
            }
        };
        let head = RequestHead::new(bytes, parts);
        outcome.begin(head, framing.head_len as u64, facts.is_https(head));
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
        let mut notes =
            Notes { outcome: &mut outcome, first_home: self.first_home, response, trace };
        let mut source = Source::Frames(Frames::of_client(body, replying));
        match exchange.run(&mut source, &mut client, &mut notes).await {
            End::Answered { .. } => {}
            End::Refused { refusal, .. } => {
                // It may have begun a session where nobody is at home.
                self.first_home.forget();
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
    }
}
