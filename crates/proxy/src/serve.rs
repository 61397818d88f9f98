//! Requests of one connection, one after the other: read, exchanged, answered, written down.

use std::rc::Rc;

use clingfish_h1::RequestFraming;
use clingfish_model::{RequestHead, UnixMillis};
use clingfish_snapshot::ListenerView;

use crate::{
    answer::Refused,
    buffer::Buffer,
    connection::{Connection, Next},
    deadline::Deadline,
    desync,
    exchange::{End, Exchange, Notes},
    forward::Facts,
    inbound::{self, Heard, Scratch},
    outcome::Outcome,
    refusal::Refusal,
    reply::Client,
    source::Source,
    tunnel::Tunnel,
    view::View,
    worker::Worker,
};

/// Serves requests until the connection has nothing more to say for now.
pub(crate) async fn serve(connection: &mut Connection) -> Next {
    let worker = &Rc::clone(connection.caller.worker());
    let mut input = worker.buffers.take();
    let mut scratch = worker.take_scratch();
    loop {
        let view = worker.view();
        let next = match connection.caller.listener(&view) {
            Some(listener) => {
                let turn = Turn { worker, view: &view, listener };
                turn.serve(connection, &mut input, &mut scratch).await
            }
            // Its listener is gone, and with it everything that could be said.
            None => Next::Close,
        };
        if !matches!(next, Next::Idle) || input.is_empty() {
            connection.forget_first_home();
            worker.keep_scratch(scratch);
            return next;
        }
        // Requests that came together are served without waiting for anything: others are to have their turn in between.
        tokio::task::coop::consume_budget().await;
    }
}

/// One request of a connection.
#[derive(Clone, Copy)]
struct Turn<'a> {
    worker: &'a Rc<Worker>,
    view: &'a View,
    listener: &'a ListenerView,
}

impl Turn<'_> {
    async fn serve(
        self,
        connection: &mut Connection,
        input: &mut Buffer,
        scratch: &mut Scratch,
    ) -> Next {
        let Self { worker, view, listener } = self;
        let caller = &connection.caller;
        let tls = connection.stream.facts().map(Rc::clone);
        let facts =
            Facts::new(caller.peer(), caller.door.address, tls.as_ref(), &listener.balancer);
        let mut outcome = Outcome::new(facts, caller.id, listener, worker);
        let closing = caller.is_over(listener, outcome.started);
        let (mut reads, writes) = connection.stream.split();
        let mut client = Client::bytes(writes);
        let deadline = &caller.deadline;
        let balancer = &*listener.balancer;
        let parts = &mut scratch.request;
        let framing = match inbound::read_head(&mut reads, input, balancer, parts, deadline).await {
            Ok(Heard::Request(framing)) => framing,
            Ok(Heard::Nothing) => return Next::Idle,
            Ok(Heard::End) => return Next::Close,
            Err(refusal) => {
                let refusal = desync::refuse(refusal, input, balancer.desync_mode, &mut outcome);
                return self.refuse_head(refusal, &mut client, deadline, outcome).await;
            }
        };
        let (bytes, rest) = input.split_at_checked(framing.head_len).unwrap_or_default();
        let head = RequestHead::new(bytes, &scratch.request);
        outcome.begin(head, framing.head_len as u64, facts.is_https(head));
        let now = UnixMillis(outcome.created_at.0 / 1000);
        let exchange =
            Exchange { worker, view, listener, deadline, facts, head, framing, rest, now, closing };
        let mut notes = Notes {
            outcome: &mut outcome,
            first_home: &connection.first_home,
            response: &mut scratch.response,
            trace: &mut scratch.trace,
        };
        let mut source = Source::Bytes(reads);
        let end = exchange.run(&mut source, &mut client, &mut notes).await;
        let (next, used) = match end {
            End::Answered { persistent, used } => {
                (if persistent { Next::Idle } else { Next::Linger }, used)
            }
            End::Refused { refusal, consumed } => {
                let keeps = framing.persistent && !closing && consumed.is_some();
                let refused = Refused { refusal, head: Some(head), keeps };
                let next =
                    refused.answer(&mut client, worker, deadline, listener, &mut outcome).await;
                (next, Used::of_rest(consumed.unwrap_or_default()))
            }
            End::Broken => (Next::Reset, Used::default()),
            End::Upgraded(upgraded) => {
                outcome.keep(head, balancer, &scratch.trace, worker);
                return Next::Tunnel(Box::new(Tunnel::new(upgraded, balancer, outcome)));
            }
        };
        deadline.runs_on(0);
        outcome.finish(Some(head), balancer, &scratch.trace, worker);
        used.take_from(input, framing);
        next
    }

    /// Answers what is no request.
    async fn refuse_head(
        self,
        refusal: Refusal,
        client: &mut Client<'_>,
        deadline: &Deadline,
        mut outcome: Outcome,
    ) -> Next {
        let balancer = &*self.listener.balancer;
        let refused = Refused { refusal, head: None, keeps: false };
        let next = refused.answer(client, self.worker, deadline, self.listener, &mut outcome).await;
        outcome.finish(None, balancer, b"", self.worker);
        next
    }
}

/// What a request took of the bytes that came, and what came too many.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// Bytes behind the head, in the first buffer, that were of this request.
    pub(crate) rest: usize,
    /// Bytes of the next request that came later.
    pub(crate) surplus: Vec<u8>,
}

impl Used {
    fn of_rest(rest: usize) -> Self {
        Self { rest, surplus: Vec::new() }
    }

    fn take_from(self, input: &mut Buffer, framing: RequestFraming) {
        input.consume(framing.head_len + self.rest);
        input.extend_from_slice(&self.surplus);
    }
}
