//! Where requests to the admin address are judged and answered.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use bytes::Bytes;
use clingfish_model::limits::ADMIN_ANSWERS_MAX;
use clingfish_telemetry::text::CONTENT_TYPE;
use hyper::{
    HeaderMap, StatusCode,
    body::Body,
    header::{AUTHORIZATION, HOST},
    http::{Request, request::Parts},
};

use super::{
    access,
    asked::{Answer, Asked, Author},
    body,
    clerks::Clerks,
    console,
    elb::elb,
    failures::Failures,
    host,
    in_force::InForce,
    live::Live,
    native,
    origin::{self, Own},
    peer::Peer,
    refusal::Refusal,
    routes::{self, Intent, Page, Place},
    sessions::Sessions,
    site::Site,
};
use crate::{
    Annals,
    change::Changes,
    checks::Checks,
    clock,
    metrics::Metrics,
    status::{Phase, Status},
};

const INDEX: &str = "Clingfish\n\n\
    /healthz  200 while the process lives\n\
    /readyz   200 while it wants requests, 503 before and after\n\
    /metrics  counts and gauges for Prometheus\n\
    /v1       Clingfish's own API\n\
    /console/ the same for people, in a browser\n\
    /         the API of AWS Elastic Load Balancing, by POST or with an Action\n";

/// What answers are made of. All connections share it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    pub(crate) status: Arc<Status>,
    pub(crate) tools: Tools,
    /// What counts until something is in force.
    first: Arc<InForce>,
    failures: Failures,
    /// Who has signed in to the console.
    pub(crate) sessions: Sessions,
    /// For those who may ask.
    pub(crate) clerks: Clerks,
    /// Who listens to `/v1/live`.
    pub(crate) live: Arc<Live>,
    /// For metrics, which everybody may ask for: one, and nobody else waits for that.
    meter_reader: Clerks,
}

/// What the APIs work with.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// Where changes are asked for.
    pub(crate) changes: Changes,
    /// What was changed.
    pub(crate) annals: Annals,
    /// The machine's own name.
    pub(crate) host_name: Arc<str>,
    /// Files of the console.
    pub(crate) site: Arc<Site>,
    /// Self-tests of listeners.
    pub(crate) checks: Arc<Checks>,
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Who has connected.
    pub(crate) connected: IpAddr,
    pub(crate) is_tls: bool,
    /// When they did.
    pub(crate) since: Instant,
}

impl Arrival {
    /// Where a request with these fields comes from.
    pub(crate) fn peer(&self, headers: &HeaderMap, in_force: &InForce) -> Peer {
        Peer::of(self.connected, self.is_tls, headers, &in_force.settings.trusted_proxies)
    }
}

impl Desk {
    pub(crate) fn new(
        address: SocketAddr,
        metrics: Metrics,
        first: Arc<InForce>,
        tools: Tools,
    ) -> Self {
        let status = Arc::clone(&metrics.status);
        Self {
            address,
            metrics,
            status,
            tools,
            first,
            failures: Failures::default(),
            sessions: Sessions::default(),
            clerks: Clerks::new(ADMIN_ANSWERS_MAX),
            live: Arc::default(),
            meter_reader: Clerks::new(1),
        }
    }

    /// What the file in force says of the admin address.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.status.admin().unwrap_or_else(|| Arc::clone(&self.first))
    }

    /// Tells an operator who may do what.
    pub(crate) fn announce(&self) {
        let in_force = self.in_force();
        let known = &in_force.known;
        let is_inside = self.address.ip().is_loopback();
        if !known.are_any() {
            tracing::info!("no credentials in [admin]: its APIs answer this machine only");
            if !is_inside {
                tracing::warn!(
                    "the admin address can be reached from elsewhere and has no credentials: others get metrics and health"
                );
            }
        } else if !is_inside && in_force.tls.is_none() && known.have_tokens() {
            tracing::warn!(
                "the admin address can be reached from elsewhere and has no tls: tokens can be read on the way"
            );
        }
    }

    /// Answers a request, or says why not.
    pub(crate) async fn answer<B>(self: &Arc<Self>, request: Request<B>, arrival: Arrival) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let in_force = self.in_force();
        let peer = arrival.peer(&head.headers, &in_force);
        let place = routes::find(&head.method, head.uri.path(), head.uri.query());
        let answered = async {
            self.check_host(&head, &in_force.settings.hosts)?;
            match place.clone()? {
                Place::Open(page) => Ok(self.page(page).await),
                Place::Console => console::file(self, &head),
                place => self.ask(place, head, body, (arrival, &peer), &in_force).await,
            }
        };
        answered.await.unwrap_or_else(|refusal: Refusal| {
            self.note(&refusal, &peer);
            refusal.answer(place.unwrap_or(Place::Open(Page::Index)))
        })
    }

    /// A page in an operator's browser may have us asked under a name of its own.
    fn check_host(&self, head: &Parts, hosts: &[String]) -> Result<(), Refusal> {
        let named = head.headers.get_all(HOST).iter().map(|value| value.to_str().unwrap_or(""));
        let authority = head.uri.authority().map(|authority| authority.as_str());
        let is_ours = named.chain(authority).all(|host| host::is_ours(host, self.address, hosts));
        if is_ours { Ok(()) } else { Err(Refusal::Misdirected) }
    }

    /// A request to one of the APIs. What strangers send is read no further than is needed to know that they are.
    async fn ask<B>(
        self: &Arc<Self>,
        place: Place,
        head: Parts,
        body: B,
        (arrival, peer): (Arrival, &Peer),
        in_force: &InForce,
    ) -> Result<Answer, Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let own = Own { is_tls: peer.is_tls, host };
        let is_read = place != Place::Elb && routes::native_intent(&head.method) == Intent::Read;
        if origin::is_cross_site(&head.headers, own, is_read) {
            return Err(Refusal::CrossSite);
        }
        let known = &in_force.known;
        let is_locked = known.are_any();
        if place != Place::Session {
            access::knock(peer, is_locked)?;
        }
        let wait = self.failures.wait(peer.address, clock::now()).filter(|_| is_locked);
        if let Some(wait) = wait {
            return Err(Refusal::TooManyFailures(wait));
        }
        if place == Place::Session {
            return console::session(self, head, body, peer, in_force).await;
        }
        if place == Place::Elb {
            let body = body::read(&head, body, body::FORM).await?;
            let intent = routes::elb_intent(head.uri.query(), &body);
            let identify = || known.signed_by(&head, &body, clock::wall());
            let author = access::admit(peer, is_locked, intent, identify)?;
            return Ok(elb(self, asked(head, body, author, arrival)).await);
        }
        let intent = routes::native_intent(&head.method);
        let author = self.admit(&head.headers, peer, in_force, intent)?;
        let body = body::read(&head, body, body::JSON).await?;
        Ok(native::v1(self, asked(head, body, author, arrival)).await)
    }

    /// Who sends a request with these fields to the native API, if they may.
    fn admit(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        in_force: &InForce,
        intent: Intent,
    ) -> Result<Author, Refusal> {
        let known = &in_force.known;
        let identify = || {
            if headers.contains_key(AUTHORIZATION) {
                return known.bearer(headers);
            }
            console::author(self, headers, peer, in_force)
        };
        access::admit(peer, known.are_any(), intent, identify)
    }

    /// Whether a request with these fields, that came before, may still be answered by what can be seen.
    pub(crate) fn still_admits(&self, headers: &HeaderMap, arrival: Arrival) -> bool {
        let in_force = self.in_force();
        let peer = arrival.peer(headers, &in_force);
        self.admit(headers, &peer, &in_force, Intent::Read).is_ok()
    }

    async fn page(&self, page: Page) -> Answer {
        match page {
            Page::Index => Answer::text(StatusCode::OK, INDEX),
            Page::Health => Answer::text(StatusCode::OK, "ok\n"),
            Page::Readiness => readiness(self.metrics.phase()),
            Page::Metrics => {
                let metrics = self.metrics.clone();
                match self.meter_reader.make(move || metrics.render()).await {
                    Ok(text) => Answer::new(StatusCode::OK, CONTENT_TYPE, text),
                    Err(error) => {
                        Answer::text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n"))
                    }
                }
            }
        }
    }

    /// Counts and logs a refusal. What was shown is not for logs.
    fn note(&self, refusal: &Refusal, peer: &Peer) {
        if refusal.is_guess() {
            self.failures.note(peer.address, clock::now());
            tracing::info!(peer = %peer.address, "wrong credentials at the admin address");
        } else {
            tracing::debug!(peer = %peer.address, ?refusal, "refused at the admin address");
        }
        let counter = refusal.counted().and_then(|at| self.status.admin_refused.get(at));
        if let Some(counter) = counter {
            counter.fetch_add(1, Relaxed);
        }
    }
}

fn asked(head: Parts, body: Bytes, author: Author, arrival: Arrival) -> Asked {
    Asked {
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        method: head.method,
        headers: head.headers,
        body,
        author,
        arrival,
        asks_only: false,
    }
}

fn readiness(phase: Phase) -> Answer {
    let no = StatusCode::SERVICE_UNAVAILABLE;
    match phase {
        Phase::Starting => Answer::text(no, "starting\n"),
        Phase::Checking => Answer::text(no, "waiting for first health checks\n"),
        Phase::Ready => Answer::text(StatusCode::OK, "ready\n"),
        Phase::Leaving => Answer::text(no, "shutting down\n"),
        Phase::Succeeded => Answer::text(no, "another process has taken over\n"),
    }
}
