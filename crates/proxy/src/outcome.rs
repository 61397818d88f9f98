//! Room `outcome`: what is counted and written down about a request, however it ended.

use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use clingfish_affinity::{Claim, SessionId, Verdict, without_token};
use clingfish_h1::desync;
use clingfish_model::{
    FieldId, LoadBalancer, RequestHead, ResourceId, TargetHash, UnixMillis, Version,
    head::without_port,
    limits::{ATTEMPTS_MAX, SEEN_AT_END_MIN},
};
use clingfish_sessions::{Mark, SessionKey};
use clingfish_snapshot::{ListenerView, Placement};
use clingfish_telemetry::{
    Record, RequestEnd,
    log::{Attempt, Facts, Kind, Texts, UnixMicros},
};
use clingfish_tls::PeerFacts;

use crate::{
    clock,
    forward::Facts as ClientFacts,
    http2::head::is_grpc,
    refusal::Refusal,
    rule::Ruling,
    streams,
    view::{GroupLocal, TargetLocal},
    worker::Worker,
};

/// The facts of one request, gathered on its way.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) client: SocketAddr,
    /// The address that its listener listens on.
    pub(crate) local: SocketAddr,
    pub(crate) https: bool,
    /// What is known of the client's handshake; none without TLS.
    tls: Option<Rc<PeerFacts>>,
    is_grpc: bool,
    pub(crate) version: Version,
    pub(crate) connection: u64,
    pub(crate) balancer_id: ResourceId,
    /// Its load balancer has an access log of its own.
    has_own_log: bool,
    /// The snapshot that it uses.
    pub(crate) revision: u64,
    pub(crate) created_at: UnixMicros,
    pub(crate) started: Instant,
    /// The request head went to a target.
    pub(crate) sent: Option<Instant>,
    /// How long after the start the head of the target's answer was there.
    pub(crate) answered: Option<Duration>,
    pub(crate) status: Option<u16>,
    pub(crate) target_status: Option<u16>,
    /// The answer may go on for long, in a group whose tokens it then keeps alive.
    pub(crate) begins_stream: bool,
    pub(crate) reason: &'static str,
    /// Why the request is not compliant.
    pub(crate) desync: Option<desync::Reason>,
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
    /// Priority of the rule that took it; 0 for the default action.
    pub(crate) rule: Option<u16>,
    /// What the rule does, in ALB's words.
    pub(crate) action: &'static str,
    /// What else the rule did.
    pub(crate) ruling: Option<Box<Ruling>>,
    pub(crate) group: Option<Rc<GroupLocal>>,
    /// Index of the target tried last.
    pub(crate) target: Option<usize>,
    pub(crate) home: Option<usize>,
    pub(crate) verdict: Option<Verdict>,
    /// Why it went to that group, where a rule keeps sessions with theirs.
    pub(crate) group_verdict: Option<Verdict>,
    pub(crate) session: Option<SessionId>,
    /// The key that consistent hashing placed it by.
    key: Option<u64>,
    /// The learned id that the request came with, and where it lives.
    pub(crate) learned: Option<(SessionKey, TargetHash)>,
    attempts: [Option<Attempt>; ATTEMPTS_MAX],
    /// Texts of a tunnel's request, whose head is gone when it ends.
    kept: Option<Box<Kept>>,
}

/// How long a request took, and the parts of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans {
    pub(crate) whole: Duration,
    /// Until its head went to a target.
    request: Option<Duration>,
    /// From there to the head of the target's answer.
    pub(crate) target: Option<Duration>,
    /// From there to the end.
    response: Option<Duration>,
}

/// Texts that outlive their request head.
#[derive(Debug)]
struct Kept {
    balancer: Vec<u8>,
    method: Vec<u8>,
    host: Vec<u8>,
    path_and_query: Vec<u8>,
    user_agent: Vec<u8>,
    trace_id: Vec<u8>,
}

impl Outcome {
    pub(crate) fn new(
        facts: ClientFacts<'_>,
        connection: u64,
        listener: &ListenerView,
        worker: &Worker,
    ) -> Self {
        let started = clock::now();
        worker.deadlines.observe(started);
        Self {
            client: facts.peer,
            local: facts.local,
            https: false,
            tls: facts.tls.map(Rc::clone),
            is_grpc: false,
            version: Version::Http11,
            connection,
            balancer_id: listener.balancer_id,
            has_own_log: listener.balancer.access_log.is_some(),
            revision: worker.revision(),
            created_at: worker.wall.at(started),
            started,
            sent: None,
            answered: None,
            status: None,
            target_status: None,
            begins_stream: false,
            reason: "",
            desync: None,
            received_bytes: 0,
            sent_bytes: 0,
            rule: None,
            action: "",
            ruling: None,
            group: None,
            target: None,
            home: None,
            verdict: None,
            group_verdict: None,
            session: None,
            key: None,
            learned: None,
            attempts: [None; ATTEMPTS_MAX],
            kept: None,
        }
    }

    /// The request head is there.
    pub(crate) fn begin(&mut self, head: RequestHead<'_>, head_bytes: u64, https: bool) {
        self.version = head.version();
        self.is_grpc = self.version == Version::Http2 && is_grpc(head);
        self.https = https;
        self.received_bytes = head_bytes;
    }

    /// Another target is tried.
    fn attempt(&mut self, target: usize) {
        self.target = Some(target);
        self.sent = None;
        let local = self.group.as_ref().and_then(|group| group.targets.get(target));
        let address = local.map(|local| local.target.address);
        if let (Some(slot), Some(target)) =
            (self.attempts.iter_mut().find(|slot| slot.is_none()), address)
        {
            *slot = Some(Attempt { target, status: None });
        }
    }

    /// The target has answered with that status.
    pub(crate) fn answer(&mut self, status: u16, now: Instant) {
        self.answered = Some(now.saturating_duration_since(self.started));
        self.target_status = Some(status);
        if let Some(attempt) = self.attempts.iter_mut().rev().find_map(Option::as_mut) {
            attempt.status = Some(status);
        }
    }

    /// The request ended without a target's answer, or in the middle of one.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        self.status = Some(refusal.status());
        self.reason = if refusal.is_error() { refusal.reason() } else { "" };
        match refusal {
            Refusal::ByRule(answer) => {
                let redirect_url = answer.location().map(<[u8]>::to_vec);
                self.ruling = redirect_url
                    .map(|redirect_url| Box::new(Ruling { redirect_url, ..Ruling::default() }));
            }
            Refusal::Transform(failure) => {
                let transform_status = failure.status();
                self.ruling = Some(Box::new(Ruling { transform_status, ..Ruling::default() }));
            }
            _ => {}
        }
    }

    /// The answer binds the session to the target that gave it.
    pub(crate) fn bound(&mut self, session: SessionId) {
        self.session = Some(session);
        self.home = self.target;
    }

    /// Keeps the texts for [`Self::finish_tunnel`]. Samples are taken now, while the head is there: who asks about a WebSocket does not
    /// want to wait for its end.
    pub(crate) fn keep(
        &mut self,
        head: RequestHead<'_>,
        balancer: &LoadBalancer,
        trace: &[u8],
        worker: &Worker,
    ) {
        let now = clock::now();
        self.sample(self.tunnel_kind(), Some(head), (now, self.spans(now)), worker);
        let texts = texts(head, balancer, trace);
        self.kept = Some(Box::new(Kept {
            balancer: texts.load_balancer.to_vec(),
            method: texts.method.to_vec(),
            host: texts.host.to_vec(),
            path_and_query: texts.path_and_query.to_vec(),
            user_agent: texts.user_agent.to_vec(),
            trace_id: texts.trace_id.to_vec(),
        }));
    }

    /// Counts the request and writes its line.
    pub(crate) fn finish<'a>(
        &'a self,
        head: Option<RequestHead<'a>>,
        balancer: &'a LoadBalancer,
        trace: &'a [u8],
        worker: &Worker,
    ) {
        let texts = match head {
            Some(head) => texts(head, balancer, trace),
            None => Texts { load_balancer: balancer.name.as_str().as_bytes(), ..Texts::default() },
        };
        let kind = match (self.version, self.https, self.is_grpc) {
            (Version::Http2, true, true) => Kind::Grpcs,
            (Version::Http2, true, false) => Kind::H2,
            (Version::Http2, false, true) => Kind::Grpc,
            (Version::Http2, false, false) => Kind::H2c,
            (_, true, _) => Kind::Https,
            (_, false, _) => Kind::Http,
        };
        let end = self.conclude(kind, texts, worker);
        self.sample(kind, head, end, worker);
    }

    /// As [`Self::finish`], for a connection that changed protocols and has ended.
    pub(crate) fn finish_tunnel(&self, worker: &Worker) {
        let Some(kept) = &self.kept else { return };
        let texts = Texts {
            load_balancer: &kept.balancer,
            method: &kept.method,
            host: &kept.host,
            path_and_query: &kept.path_and_query,
            user_agent: &kept.user_agent,
            trace_id: &kept.trace_id,
            ..Texts::default()
        };
        self.conclude(self.tunnel_kind(), texts, worker);
    }

    fn tunnel_kind(&self) -> Kind {
        if self.https { Kind::Wss } else { Kind::Ws }
    }

    /// Says when that was, and how long the request took.
    fn conclude(&self, kind: Kind, texts: Texts<'_>, worker: &Worker) -> (Instant, Spans) {
        let mut texts = texts;
        let now = clock::now();
        worker.deadlines.observe(now);
        let spans = self.spans(now);
        streams::note_long(worker, self, spans.whole, now);
        self.count(spans, worker);
        self.note_seen(spans.whole);
        let mut log = worker.log.borrow_mut();
        if !log.wants(self.has_own_log) {
            return (now, spans);
        }
        let group = self.group.as_ref().map(|local| &local.group);
        let header = group.and_then(|group| group.policy.as_ref()?.header());
        let shown = header.and_then(|header| without_token(texts.path_and_query, header));
        if let Some(shown) = &shown {
            texts.path_and_query = shown;
        }
        if let Some(group) = group {
            texts.group = group.spec.name.as_str().as_bytes();
            let home = self.home.and_then(|home| group.targets.get(home));
            texts.home = home.map_or(b"", |home| home.id.as_str().as_bytes());
        }
        if let Some(tls) = self.tls.as_deref() {
            texts.server_name = tls.server_name.as_deref().unwrap_or_default().as_bytes();
            texts.certificate = tls.certificate.as_deref().unwrap_or_default().as_bytes();
        }
        if let Some(ruling) = self.ruling.as_deref() {
            texts.redirect_url = &ruling.redirect_url;
            texts.transformed_host = ruling.host.as_deref().unwrap_or_default();
            texts.transformed_uri = ruling.path_and_query.as_deref().unwrap_or_default();
        }
        let mut attempts = [Attempt { target: self.client, status: None }; ATTEMPTS_MAX];
        let mut tried = 0;
        for (to, from) in attempts.iter_mut().zip(self.attempts.iter().flatten()) {
            *to = *from;
            tried += 1;
        }
        let attempts = attempts.get(..tried).unwrap_or_default();
        log.push(&Record { facts: &self.facts(kind, spans, attempts), texts, attempts });
        (now, spans)
    }

    /// What is known of the client's handshake; none without TLS.
    pub(crate) fn tls(&self) -> Option<&Rc<PeerFacts>> {
        self.tls.as_ref()
    }

    /// How many targets were tried.
    pub(crate) fn tries(&self) -> usize {
        self.attempts.iter().flatten().count()
    }

    /// The session that the request is of, and its home.
    pub(crate) fn whereabouts(&self, worker: &Worker) -> Option<(Mark, &Rc<TargetLocal>)> {
        self.seen_at(self.group.as_ref()?, worker)
    }

    #[inline]
    fn seen_at<'l>(
        &self,
        local: &'l GroupLocal,
        worker: &Worker,
    ) -> Option<(Mark, &'l Rc<TargetLocal>)> {
        let (id, home) = match (self.session, self.key) {
            (Some(SessionId(session)), _) => (u64::from_le_bytes(session), self.home?),
            // Whoever serves a key has its session.
            (None, Some(key)) => (key, self.target?),
            (None, None) => return None,
        };
        Some((Mark::of(id, worker.shared.session_secret), local.targets.get(home)?))
    }

    /// Whoever ends a long stream was there until now.
    fn note_seen(&self, took: Duration) {
        if let Some((key, home)) = self.learned
            && took >= SEEN_AT_END_MIN
            && let Some(local) = &self.group
        {
            let now = UnixMillis(self.created_at.0 / 1000) + took;
            local.group.seen(key, home, self.client.ip(), now);
        }
    }

    fn spans(&self, now: Instant) -> Spans {
        // Counted from the start, since to subtract spans costs less than to subtract times.
        let at = |moment: Instant| moment.saturating_duration_since(self.started);
        let (whole, sent, answered) = (at(now), self.sent.map(at), self.answered);
        Spans {
            whole,
            request: sent,
            target: answered.zip(sent).map(|(answered, sent)| answered.saturating_sub(sent)),
            response: answered.map(|answered| whole.saturating_sub(answered)),
        }
    }

    fn facts(&self, kind: Kind, spans: Spans, attempts: &[Attempt]) -> Facts {
        let took = u64::try_from(spans.whole.as_micros()).unwrap_or(u64::MAX);
        Facts {
            kind,
            created_at: self.created_at,
            responded_at: UnixMicros(self.created_at.0.saturating_add(took)),
            load_balancer_id: self.balancer_id,
            client: self.client,
            target: attempts.last().map(|attempt| attempt.target),
            request_processing: spans.request,
            target_processing: spans.target,
            response_processing: spans.response,
            status: self.status,
            target_status: self.target_status,
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
            version: self.version,
            port: self.local.port(),
            group_id: self.group.as_ref().map(|local| local.id),
            rule_priority: self.rule.map(i32::from),
            action: self.action,
            transform_status: self.ruling.as_ref().map_or("", |ruling| ruling.transform_status),
            error_reason: self.reason,
            classification: self.desync.map_or("", |reason| reason.class().as_str()),
            classification_reason: self.desync.map_or("", desync::Reason::as_str),
            tls_version: self.tls.as_ref().map_or("", |tls| tls.version),
            tls_cipher: self.tls.as_ref().map_or("", |tls| tls.cipher),
            connection: self.connection,
            verdict: self.verdict,
            group_verdict: self.group_verdict,
            session: self.session.map(|session| session.0),
        }
    }

    fn count(&self, spans: Spans, worker: &Worker) {
        worker.meter.requests.increment();
        if let Some(reason) = self.desync {
            crate::desync::count(reason, &worker.meter);
        }
        let Some(local) = &self.group else { return };
        let end = RequestEnd {
            status: self.status,
            target_status: self.target_status,
            verdict: self.verdict.unwrap_or(Verdict::Off),
            duration: spans.whole,
            target_response: spans.target,
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
        };
        let target = self.target.and_then(|target| local.targets.get(target));
        local.meter.count(&end, target.map(|target| &*target.meter));
        if let Some(verdict) = self.group_verdict {
            local.meter.count_choice(verdict);
        }
        if let Some((session, home)) = self.seen_at(local, worker) {
            home.saw(session, worker.index);
        }
    }

    /// The request goes to that target, for that reason.
    pub(crate) fn placed(&mut self, placement: Placement, claim: &Claim) {
        let verdict = placement.verdict();
        self.attempt(placement.target);
        self.verdict = Some(verdict);
        self.session = claim.session();
        if let Claim::Keyed(key) = *claim {
            self.key = Some(key);
        }
        let is_home = matches!(verdict, Verdict::Hit | Verdict::Detour);
        let group = self.group.as_ref().map(|local| &local.group);
        // Whoever gets a new home has it once the target has answered.
        self.home = claim.home().filter(|_| is_home).and_then(|home| match verdict {
            Verdict::Hit => Some(placement.target),
            _ => group?.find(home),
        });
    }
}

fn texts<'a>(head: RequestHead<'a>, balancer: &'a LoadBalancer, trace: &'a [u8]) -> Texts<'a> {
    Texts {
        load_balancer: balancer.name.as_str().as_bytes(),
        method: head.method_name(),
        host: without_port(head.authority()),
        path_and_query: head.sent_path_and_query(),
        user_agent: head.value(FieldId::UserAgent).unwrap_or_default(),
        trace_id: trace,
        ..Texts::default()
    }
}
