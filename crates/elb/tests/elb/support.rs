//! A configuration file, and requests that read and change it.

use clingfish_config::{edit, parse};
use clingfish_elb::{Call, Code, Error, Observed, Plan, TargetSeen, World, plan, query::Params};
use clingfish_model::{DesiredState, Edit, Name, Place, Setting, UnixMillis};

/// When everything happens: 2026-11-28T14:00:00.123Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_874_400_123);

/// The machine's own name.
pub(crate) const HOST_NAME: &str = "machine.example";

/// A file, and the API that changes it.
pub(crate) struct Cloud {
    pub(crate) text: String,
    /// What is observed of targets, whatever their group.
    pub(crate) seen: Vec<TargetSeen>,
    /// Whether the API listens on loopback alone.
    pub(crate) on_loopback: bool,
}

impl Cloud {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), seen: Vec::new(), on_loopback: true }
    }

    /// What a request comes to. A form without a version is one of ELBv2.
    pub(crate) fn plan(&self, form: &str) -> Result<Plan, Error> {
        let version = if form.starts_with("Version=") { "" } else { "Version=2015-12-01&" };
        let form = format!("{version}{form}");
        let call = Call::of(Params::decode(form.as_bytes())?)?;
        plan(call, &self.world(&self.desired()))
    }

    /// What a request changes: a line for each edit.
    pub(crate) fn edits(&self, form: &str) -> Result<Vec<String>, Error> {
        Ok(self.plan(form)?.edits.iter().map(line).collect())
    }

    /// The code and text by which a request is refused.
    pub(crate) fn refusal(&self, form: &str) -> (Code, String) {
        match self.plan(form) {
            Ok(plan) => panic!("{form} comes to {:?}", plan.edits),
            Err(error) => (error.code, error.message),
        }
    }

    /// The answer to a request, whose changes are in the file then.
    pub(crate) fn call(&mut self, form: &str) -> Result<String, Error> {
        let plan = self.plan(form)?;
        match edit(&self.text, &plan.edits) {
            Ok(text) => self.text = text,
            Err(error) => panic!("{form}: {error}: {:?}", plan.edits),
        }
        let desired = self.desired();
        Ok((plan.reply)(&self.world(&desired))?.to_string())
    }

    pub(crate) fn desired(&self) -> DesiredState {
        match parse(&self.text) {
            Ok((desired, _)) => desired,
            Err(errors) => panic!("{}\n{errors:#?}", self.text),
        }
    }

    fn world<'a>(&'a self, desired: &'a DesiredState) -> World<'a> {
        let on_loopback = self.on_loopback;
        World { desired, observed: self, now: NOW, on_loopback, host_name: HOST_NAME }
    }
}

impl Observed for Cloud {
    fn targets(&self, _: &Name) -> Vec<TargetSeen> {
        self.seen.clone()
    }
}

fn line(edit: &Edit) -> String {
    match edit {
        Edit::Set(at, key, value) => format!("{} {key} = {}", place(at), written(value)),
        Edit::Unset(at, key) => format!("{} {key} gone", place(at)),
        Edit::Remove(at) => format!("{} gone", place(at)),
        Edit::Add(at, settings) => {
            let settings =
                settings.iter().map(|(key, value)| format!("{key} = {}", written(value)));
            format!("{} new: {}", place(at), settings.collect::<Vec<_>>().join(", "))
        }
        Edit::AddTarget(group, target) => {
            format!("[target_groups.{group}] + {}", written(target))
        }
        Edit::RemoveTarget(group, id) => format!("[target_groups.{group}] - {id}"),
        other => format!("{other:?}"),
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::LoadBalancer(name) => format!("[load_balancers.{name}]"),
        Place::TargetGroup(name) => format!("[target_groups.{name}]"),
        Place::Listener(name) => format!("[[listeners]] {name}"),
        Place::Rule(name, priority) => format!("[[listeners.rules]] {name} {priority}"),
    }
}

fn written(value: &Setting) -> String {
    match value {
        Setting::Text(text) => format!("{text:?}"),
        Setting::Integer(number) => number.to_string(),
        Setting::Float(number) => number.to_string(),
        Setting::Bool(is_on) => is_on.to_string(),
        Setting::Time(time) => time.to_iso(),
        Setting::List(list) => {
            format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Setting::Table(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key} = {}", written(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
