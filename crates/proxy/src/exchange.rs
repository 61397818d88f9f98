//! The conductor: one request through all rooms, its effects in order. The only place that retries.

use std::rc::Rc;

use clingfish_affinity::{Binding, Claim, Judgement, Reading, Verdict};
use clingfish_h1::{
    BodyLength, RequestFraming,
    desync::{Treatment, treat},
};
use clingfish_model::{
    FieldId, Method, ProtocolVersion, RequestHead, UnixMillis, Version, head::ResponseParts,
    limits::ATTEMPTS_MAX,
};
use clingfish_snapshot::{Circumstances, FirstHome, ListenerView, NoTarget, Placement, Tried};

use crate::{
    attempt::{Again, Attempt, Failure},
    clock,
    deadline::Deadline,
    fields::{self, Sieve},
    first_home::Remembered,
    forward::{Facts, Trace},
    http2::head::is_grpc,
    outcome::Outcome,
    refusal::Refusal,
    reply::Client,
    serve::Used,
    source::Source,
    upstream::{Lease, Wanted},
    view::{GroupLocal, View},
    worker::Worker,
};

/// What a request is decided by.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) worker: &'a Rc<Worker>,
    pub(crate) view: &'a View,
    pub(crate) listener: &'a ListenerView,
    pub(crate) deadline: &'a Deadline,
    pub(crate) facts: Facts<'a>,
    pub(crate) head: RequestHead<'a>,
    pub(crate) framing: RequestFraming,
    /// What came behind the head.
    pub(crate) rest: &'a [u8],
    pub(crate) now: UnixMillis,
    /// The connection ends with this request.
    pub(crate) closing: bool,
}

/// What a request leaves behind.
pub(crate) struct Notes<'a> {
    pub(crate) outcome: &'a mut Outcome,
    pub(crate) first_home: &'a Remembered,
    pub(crate) response: &'a mut ResponseParts,
    pub(crate) trace: &'a mut Vec<u8>,
}

/// How an exchange ended.
pub(crate) enum End {
    /// A target's answer went through, to its end.
    Answered { persistent: bool, used: Used },
    /// The client has not got a byte yet.
    Refused {
        refusal: Refusal,
        /// Bytes of [`Exchange::rest`] that were of this request, where all of it has been read.
        consumed: Option<usize>,
    },
    /// The client got a part of an answer that has no end.
    Broken,
    /// The target has agreed to another protocol.
    Upgraded(Upgraded),
}

/// A target that has agreed to another protocol, and what both sides have said in it already.
#[derive(Debug)]
pub(crate) struct Upgraded {
    pub(crate) lease: Lease,
    /// What came from the client behind its request head.
    pub(crate) from_client: Vec<u8>,
    /// What came from the target behind its response head.
    pub(crate) from_target: Vec<u8>,
}

impl Exchange<'_> {
    /// Sends the request where it belongs, and the answer back.
    pub(crate) async fn run(
        &self,
        source: &mut Source<'_>,
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> End {
        self.write_trace(notes.trace);
        notes.outcome.desync = self.framing.desync;
        if self.treatment() == Treatment::Refuse {
            return End::Refused { refusal: Refusal::NotCompliant, consumed: None };
        }
        if let Err(refusal) = self.judge_fields() {
            return self.unread(refusal);
        }
        let (group, chosen) = match self.route(notes.outcome, notes.first_home) {
            Ok(routed) => routed,
            Err(refusal) => return self.unread(refusal),
        };
        let chosen = chosen.as_deref();
        notes.outcome.group = Some(Rc::clone(group));
        let body_max = self.listener.balancer.request_limits.body_bytes_max;
        if let (BodyLength::Known(length), Some(max)) = (self.framing.body, body_max)
            && length > max
        {
            return self.unread(Refusal::BodyTooLarge);
        }
        if !self.is_compatible(group.group.spec.protocol_version) {
            return self.unread(Refusal::Incompatible);
        }
        group.budget.borrow_mut().earn();
        let mut reading = self.claim(group, notes.first_home);
        // Here and not below, since both tables are asked once for a request; streams first, which say how old a cookie really is.
        self.recall_stream(group, &mut reading.claim);
        let ring = &self.view.snapshot.ring;
        let presented = group.group.identify(self.head, ring, self.now, &mut reading);
        let mut tried = Tried::default();
        let mut wanted = self.first_wish(group.group.spec.protocol_version);
        let mut last = Failure::none();
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                let now = clock::now();
                self.worker.deadlines.observe(now);
                if !group.retry(now) {
                    break;
                }
            }
            let placement = match self.place(group, &reading.claim, &tried) {
                Ok(placement) => placement,
                Err(NoTarget::AllTried) => break,
                Err(NoTarget::NoneRegistered) => return self.unread(Refusal::NoTarget),
            };
            self.share(group, placement, notes.first_home);
            notes.outcome.placed(placement, &reading.claim);
            let attempt = Attempt {
                exchange: self,
                group,
                chosen,
                reading: &reading,
                presented: presented.as_ref(),
                placement,
            };
            match attempt.run(wanted, source, client, notes).await {
                Ok(end) => return end,
                Err(failure) => {
                    match failure.again {
                        Again::Never => return failure.end(),
                        Again::OnAnotherTarget => tried.add(placement.target),
                        Again::OnNewConnection => wanted = Wanted::Fresh,
                    }
                    last = failure;
                }
            }
        }
        last.end()
    }

    /// What is refused or counted for its fields, before anybody gets to see them.
    fn judge_fields(&self) -> Result<(), Refusal> {
        let balancer = &*self.listener.balancer;
        if balancer.drop_invalid_header_fields {
            let attributes = &self.listener.listener.attributes;
            let sieve = Sieve { balancer, attributes, trusted: self.facts.trusted };
            if self.head.fields().any(|line| sieve.is_invalid(&line)) {
                self.worker.meter.dropped_invalid_headers.increment();
            }
        }
        fields::judge_forwarded_for(self.head)
    }

    /// A refusal before any of the body was looked at.
    fn unread(&self, refusal: Refusal) -> End {
        let consumed = self.has_no_body().then_some(0);
        End::Refused { refusal, consumed }
    }

    /// Whether the request can be said in what the group's targets speak. gRPC needs HTTP/2 all the way, and ALB's groups for
    /// gRPC take nothing else; a WebSocket needs a connection of its own.
    fn is_compatible(&self, speaks: ProtocolVersion) -> bool {
        let is_frames = self.head.version() == Version::Http2;
        match speaks {
            ProtocolVersion::Http1 => !(is_frames && is_grpc(self.head)),
            ProtocolVersion::Http2 => self.framing.upgrade.is_none(),
            ProtocolVersion::Grpc => {
                is_frames && self.head.method() == Method::Post && is_grpc(self.head)
            }
        }
    }

    fn claim(&self, group: &GroupLocal, first_home: &Remembered) -> Reading {
        let first_home = first_home.home.shared(self.now);
        group.group.claim(
            self.head,
            || self.facts.origin(self.head, &self.listener.balancer),
            first_home.as_ref(),
            &self.view.snapshot.ring,
            self.now,
            &mut self.worker.memo.borrow_mut(),
        )
    }

    /// Streams that come at the same time join the session of the first. What comes one after the other learns of it by the
    /// answer.
    fn share(&self, group: &GroupLocal, placement: Placement, first_home: &Remembered) {
        let is_new = matches!(placement.judgement, Some(Judgement::Rehome(Verdict::New)));
        let policy = group.group.policy.as_ref().filter(|policy| policy.shares_first_homes());
        if !is_new
            || policy.is_none()
            || self.facts.trusted
            || self.head.version() != Version::Http2
        {
            return;
        }
        let fresh = self.worker.entropy.borrow_mut().bytes();
        let https = self.facts.is_https(self.head);
        if let Some(binding) = group.group.binding(placement.target, fresh, https) {
            let (group, since) = (group.group.hash, self.now);
            let Binding { target, session, .. } = binding;
            first_home.home.begin(FirstHome { group, target, session, since });
        }
    }

    fn place(
        &self,
        group: &GroupLocal,
        claim: &Claim,
        tried: &Tried,
    ) -> Result<Placement, NoTarget> {
        let mut cursor = group.cursor.get();
        let circumstances = Circumstances { now: self.now, random: self.worker.random() };
        let placement = group.group.place(claim, circumstances, tried, &mut cursor);
        group.cursor.set(cursor);
        placement
    }

    /// What cannot be sent twice wants a connection that is certainly open. In frames nobody can be wrong about where a request
    /// ends, so there is nothing to be kept apart from.
    fn first_wish(&self, speaks: ProtocolVersion) -> Wanted {
        let isolated = self.treatment() == Treatment::Isolate;
        match self.is_repeatable() {
            _ if isolated && speaks == ProtocolVersion::Http1 => Wanted::Fresh,
            true => Wanted::Any,
            false => Wanted::Certain,
        }
    }

    /// What becomes of the request by its desync class.
    pub(crate) fn treatment(&self) -> Treatment {
        treat(self.listener.balancer.desync_mode, self.framing.desync)
    }

    /// Whether nothing comes behind the head.
    pub(crate) fn has_no_body(&self) -> bool {
        matches!(self.framing.body, BodyLength::None | BodyLength::Known(0))
    }

    /// Whether doing it twice is as doing it once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.head.method().is_idempotent()
    }

    fn write_trace(&self, out: &mut Vec<u8>) {
        let random = self.worker.entropy.borrow_mut().bytes();
        out.clear();
        let came = self.head.value(FieldId::XAmznTraceId);
        Trace { now: self.now, random }.write(came, out);
    }
}
