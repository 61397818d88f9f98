//! A world of one target group, `web`, that can be edited and compiled again; and clients that keep cookies as browsers do.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use clingfish_affinity::{
    Dressing, Judgement, KeyId, KeyRing, Memo, Origin, Reading, Secret, SetCookie, Stamp, Verdict,
    stamp,
};
use clingfish_balance::Cursor;
use clingfish_health::CheckOutcome;
use clingfish_model::{
    DesiredState, Field, FieldId, LbCookie, LoadBalancer, Name, RequestHead, Span, Stickiness,
    Target, TargetAddress, TargetGroup, TargetId, UnixMillis, Weight,
    desired::{AccessLog, Admin, Server},
    head::RequestParts,
    stickiness::{CookieAttributes, CookieShape, CookieStyle, OnCacheable},
};
use clingfish_snapshot::{
    Circumstances, FirstHome, Group, Inputs, NoTarget, Placement, Snapshot, Tried, compile,
};

/// Sat, 29 Nov 2025 15:21:44 GMT.
pub(crate) const START: UnixMillis = UnixMillis(1_764_429_704_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const WORKERS: usize = 2;

#[expect(clippy::disallowed_methods, reason = "tests need some instant to count from")]
pub(crate) fn some_instant() -> Instant {
    Instant::now()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn id(text: &str) -> TargetId {
    TargetId::new(text).unwrap()
}

/// A target with an id of its own at an address that depends on the id.
pub(crate) fn target(text: &str) -> Target {
    let last = text.bytes().last().unwrap();
    Target {
        id: id(text),
        address: TargetAddress::Socket(([10, 0, 0, last], 3000).into()),
        weight: Weight::default(),
        zone: None,
        drain: false,
        known_as: None,
    }
}

pub(crate) fn weight(weight: u64) -> Weight {
    Weight::new(weight).unwrap()
}

pub(crate) fn lb_cookie(duration: Duration) -> LbCookie {
    LbCookie {
        duration,
        absolute: None,
        style: CookieStyle::Clingfish(CookieShape::new(CookieAttributes::named("cling")).unwrap()),
        on_cacheable: OnCacheable::Skip,
        forward_tokens: false,
    }
}

pub(crate) fn ring() -> Arc<KeyRing> {
    let first = KeyRing::first(Secret::new([7; 32]), KeyId::new(0x0102).unwrap(), START);
    Arc::new(first)
}

/// A sticky group of these targets.
pub(crate) fn group_of(targets: Vec<Target>) -> TargetGroup {
    let stickiness = Stickiness::LbCookie(lb_cookie(HOUR));
    TargetGroup { stickiness, ..TargetGroup::new(name("web"), targets) }
}

/// One instance of Clingfish as far as decisions go.
pub(crate) struct World {
    pub(crate) desired: DesiredState,
    pub(crate) addresses: HashMap<String, Vec<IpAddr>>,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) now: Instant,
    pub(crate) wall: UnixMillis,
    pub(crate) snapshot: Snapshot,
    pub(crate) cursor: Cursor,
    pub(crate) memo: Memo,
}

impl World {
    /// Targets of these ids, all healthy.
    pub(crate) fn of(ids: &[&str]) -> Self {
        let world = Self::unchecked(group_of(ids.iter().map(|id| target(id)).collect()));
        world.check_all(CheckOutcome::Good);
        world
    }

    /// That group, whose targets nobody has looked at.
    pub(crate) fn unchecked(group: TargetGroup) -> Self {
        let desired = DesiredState {
            aws: clingfish_model::elb::Aws::default(),
            server: Server::default(),
            admin: Admin::default(),
            access_log: AccessLog::default(),
            load_balancers: vec![LoadBalancer::new(name("default"))],
            listeners: Vec::new(),
            target_groups: vec![group],
        };
        let (addresses, ring, now) = (HashMap::new(), ring(), some_instant());
        let inputs = Inputs {
            desired: &desired,
            addresses: &addresses,
            ring: &ring,
            tls: &Default::default(),
            revision: 1,
            workers: WORKERS,
            now,
        };
        let snapshot = compile(inputs, None);
        let (cursor, memo) = (Cursor::default(), Memo::new());
        Self { desired, addresses, ring, now, wall: START, snapshot, cursor, memo }
    }

    pub(crate) fn spec(&mut self) -> &mut TargetGroup {
        &mut self.desired.target_groups[0]
    }

    pub(crate) fn target(&mut self, id: &str) -> &mut Target {
        self.spec().targets.iter_mut().find(|target| target.id.as_str() == id).unwrap()
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.spec().targets.retain(|target| target.id.as_str() != id);
    }

    /// What a reload does.
    pub(crate) fn reload(&mut self) {
        let inputs = Inputs {
            desired: &self.desired,
            addresses: &self.addresses,
            ring: &self.ring,
            tls: &Default::default(),
            revision: self.snapshot.revision + 1,
            workers: WORKERS,
            now: self.now,
        };
        self.snapshot = compile(inputs, Some(&self.snapshot));
    }

    pub(crate) fn later(&mut self, span: Duration) {
        self.now += span;
        self.wall = self.wall + span;
    }

    pub(crate) fn group(&self) -> &Group {
        &self.snapshot.groups[0]
    }

    pub(crate) fn index(&self, id: &str) -> usize {
        let mut targets = self.group().targets.iter();
        targets.position(|target| target.id.as_str() == id).unwrap()
    }

    pub(crate) fn id_at(&self, index: usize) -> &str {
        self.group().targets[index].id.as_str()
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.group().targets.iter().map(|target| target.id.as_str()).collect()
    }

    /// One check of every target.
    pub(crate) fn check_all(&self, outcome: CheckOutcome) {
        let ids: Vec<String> = self.ids().into_iter().map(str::to_owned).collect();
        ids.iter().for_each(|id| self.check(id, outcome));
    }

    /// As many checks of one target as change its state.
    pub(crate) fn check(&self, id: &str, outcome: CheckOutcome) {
        let (group, check) = (self.group(), &self.group().spec.health_check);
        for _ in 0..check.unhealthy_threshold.max(check.healthy_threshold) {
            group.targets[self.index(id)].cell.observe(outcome, check);
        }
        group.refresh();
    }

    /// Three connects of real traffic to that target fail.
    pub(crate) fn eject(&self, id: &str) {
        let group = self.group();
        for _ in 0..3 {
            group.targets[self.index(id)].cell.connect_failed(&group.spec.health_check, self.now);
        }
        group.refresh();
    }

    pub(crate) fn claim(&mut self, cookie: &str, first_home: Option<&FirstHome>) -> Reading {
        let (bytes, parts) = request(cookie);
        let group = Arc::clone(&self.snapshot.groups[0]);
        let head = RequestHead::new(&bytes, &parts);
        let origin = || Origin { client: [192, 0, 2, 1].into(), tls_name: None };
        group.claim(head, origin, first_home, &self.ring, self.wall, &mut self.memo)
    }

    pub(crate) fn place(
        &mut self,
        reading: &Reading,
        tried: &Tried,
    ) -> Result<Placement, NoTarget> {
        let circumstances = Circumstances { now: self.wall, random: 1 };
        self.snapshot.groups[0].place(&reading.claim, circumstances, tried, &mut self.cursor)
    }
}

/// A GET with that Cookie field, or without one where it is empty.
pub(crate) fn request(cookie: &str) -> (Vec<u8>, RequestParts) {
    let mut parts = RequestParts::default();
    if !cookie.is_empty() {
        let (name, value) = (Span::new(0, 6), Span::new(8, cookie.len()));
        parts.fields.push(Field { name, value, id: FieldId::Cookie });
    }
    (format!("cookie: {cookie}").into_bytes(), parts)
}

/// A browser; its cookie never ends by itself, so that every verdict is the balancer's.
#[derive(Clone, Default)]
pub(crate) struct Client {
    pub(crate) cookie: String,
    visits: u8,
}

/// What came of a visit: the id of the target that answered, and why that one.
pub(crate) type Visit = Result<(String, Verdict), NoTarget>;

impl Client {
    pub(crate) fn with(cookie: String) -> Self {
        Self { cookie, visits: 0 }
    }

    pub(crate) fn visit(&mut self, world: &mut World) -> Visit {
        self.visit_after(world, &Tried::default())
    }

    /// A visit during which some targets have refused.
    pub(crate) fn visit_after(&mut self, world: &mut World, tried: &Tried) -> Visit {
        let reading = world.claim(&self.cookie, None);
        let placement = world.place(&reading, tried)?;
        self.take_answer(world, &reading, placement);
        Ok((world.id_at(placement.target).to_owned(), placement.verdict()))
    }

    fn take_answer(&mut self, world: &World, reading: &Reading, placement: Placement) {
        self.visits = self.visits.wrapping_add(1);
        let group = world.group();
        let (Some(judgement), Some(policy)) = (placement.judgement, &group.policy) else { return };
        let binding = group.binding(placement.target, [self.visits; 8], false).unwrap();
        let written = stamp(&reading.claim, judgement, policy, binding, || false, world.wall);
        let Stamp::Write { token, .. } = written else {
            assert_ne!(judgement, Judgement::Rehome(Verdict::New), "a new client gets a cookie");
            return;
        };
        let sealed = policy.seal(&token, &world.ring, [self.visits; 24], world.wall);
        let mut value = Vec::new();
        let cookie = SetCookie {
            policy,
            token: &token,
            sealed: &sealed,
            https: false,
            now: world.wall,
            dressing: Dressing::default(),
        };
        cookie.write_value(cookie.kinds()[0], &mut value);
        let value = String::from_utf8(value).unwrap();
        self.cookie = value.split(';').next().unwrap().to_owned();
    }
}
