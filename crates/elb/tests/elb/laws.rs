//! Any sequence of requests, good and bad, against files that people wrote: what comes of it is a file that says it all.

mod changes;
mod dice;
mod requests;
mod start;
mod survey;

use std::{collections::HashMap, sync::Arc, time::Instant};

use clingfish_affinity::{KeyId, KeyRing, Secret};
use clingfish_config::{edit, parse};
use clingfish_elb::{Call, Error, Observed, Plan, TargetSeen, World, plan, query::Params};
use clingfish_model::{DesiredState, Name, UnixMillis};
use clingfish_snapshot::{Inputs, Snapshot, compile};
use clingfish_tls::Material;
use proptest::prelude::*;

use self::{dice::Dice, start::START, survey::Survey};
use crate::support::NOW;

/// Sequences that are tried, unless the environment asks for more (`PROPTEST_CASES`).
const CASES: u32 = 64;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_file_says_whatever_was_asked_for(
        start in 0..START.len(),
        steps in proptest::collection::vec(any::<[u8; 40]>(), 1..30),
    ) {
        let mut walk = Walk::from(START[start]);
        for step in steps {
            walk.step(&mut Dice::new(&step));
        }
    }
}

fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if asked { default } else { ProptestConfig { cases: CASES, ..default } }
}

/// Nobody has looked at any target yet.
struct Nobody;

impl Observed for Nobody {
    fn targets(&self, _: &Name) -> Vec<TargetSeen> {
        Vec::new()
    }
}

/// A process that changes its file.
struct Walk {
    /// As a person wrote it.
    origin: &'static str,
    text: String,
    desired: DesiredState,
    /// What requests use: each is made of the one before.
    running: Snapshot,
    survey: Survey,
    now: UnixMillis,
    /// What was asked so far and was done, for whoever reads a failure.
    done: Vec<String>,
}

impl Walk {
    fn from(origin: &'static str) -> Self {
        let desired = read(origin);
        let running = compiled(&desired, None);
        let survey = Survey::of(&desired);
        Self { origin, text: origin.into(), desired, running, survey, now: NOW, done: Vec::new() }
    }

    /// Draws a request and makes it.
    fn step(&mut self, dice: &mut Dice<'_>) {
        self.now = UnixMillis(self.now.0 + 1);
        let form = requests::draw(dice, &self.survey);
        let told = format!("{:#?}\nthen {form}\nin\n{}", self.done, self.text);
        match asked(&form, &self.desired, self.now) {
            Ok(plan) => self.make(&form, plan, &told),
            Err(error) => assert!(!error.message.is_empty(), "{error:?} without a word: {told}"),
        }
    }

    /// Makes the change, and looks at what has come of it.
    fn make(&mut self, form: &str, plan: Plan, told: &str) {
        let Plan { edits, touched, reply } = plan;
        let text = edit(&self.text, &edits);
        let text = text.unwrap_or_else(|error| panic!("{error}: {edits:?}: {told}"));
        let desired = match parse(&text) {
            Ok((desired, _)) => desired,
            Err(errors) => panic!("{errors:#?}\n{text}\n{edits:?}: {told}"),
        };
        if let Err(error) = reply(&world(&desired, self.now)) {
            panic!("no answer, but {error}: {told}\nafter:\n{text}");
        }
        let told = format!("{edits:?}: {told}\nafter:\n{text}");
        assert_eq!(edits.is_empty(), text == self.text, "{told}");
        let running = compiled(&desired, Some(&self.running));
        let (running_on, restarted) = (in_force(&running), in_force(&compiled(&read(&text), None)));
        assert_eq!(running_on, restarted, "{told}");
        changes::are_asked_once(form, &desired, self.now, &told);
        start::has_its_comments(self.origin, &text, &desired, &told);
        let survey = Survey::of(&desired);
        changes::are_those_that_were_asked_for(form, &touched, &self.survey, &survey, &told);
        (self.text, self.desired, self.running, self.survey) = (text, desired, running, survey);
        self.done.push(form.to_owned());
    }
}

/// What a request comes to at this time.
fn asked(form: &str, desired: &DesiredState, now: UnixMillis) -> Result<Plan, Error> {
    let form = format!("Version=2015-12-01&{form}");
    let call = Call::of(Params::decode(form.as_bytes())?)?;
    plan(call, &world(desired, now))
}

fn world(desired: &DesiredState, now: UnixMillis) -> World<'_> {
    World { desired, observed: &Nobody, now, on_loopback: true, host_name: "machine.example" }
}

fn read(text: &str) -> DesiredState {
    match parse(text) {
        Ok((desired, _)) => desired,
        Err(errors) => panic!("{errors:#?}\n{text}"),
    }
}

fn compiled(desired: &DesiredState, previous: Option<&Snapshot>) -> Snapshot {
    let key = KeyId::new(1).expect("one is no zero");
    let inputs = Inputs {
        desired,
        addresses: &HashMap::from([("app.example".into(), vec!["10.9.9.9".parse().unwrap()])]),
        ring: &Arc::new(KeyRing::first(Secret::new([7; 32]), key, NOW)),
        tls: &Material::default(),
        revision: 1,
        workers: 1,
        now: now(),
    };
    compile(inputs, previous)
}

#[expect(clippy::disallowed_methods, reason = "no end of a target's leaving is looked at")]
fn now() -> Instant {
    Instant::now()
}

/// What requests meet, without what is counted and measured, nor who is leaving.
fn in_force(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for view in &snapshot.listeners {
        lines.push(format!("{:?} {:?} {:?}", view.listener, view.balancer_id, view.balancer));
    }
    for group in &snapshot.groups {
        lines.push(format!("{:?} {:?}", group.spec, group.policy));
        for target in &group.targets {
            let (id, hash, address) = (&target.id, &target.hash, target.address);
            let (weight, zone, drain) = (target.weight, &target.zone, target.drain);
            lines.push(format!("{id:?} {hash:?} {address} {weight:?} {zone:?} {drain}"));
        }
    }
    lines
}
