//! What a configuration comes to, and what would become of a request: the decision told step by step.
//!
//! It takes the same road as a request does, through [`ListenerView::route`], [`Group::claim`] and [`Group::place`], so that it cannot
//! say anything else than what happens. [`request`] asks a file: what only a running process knows, the health of targets and sessions that were
//! learned, it does not know, and targets count as healthy. [`running`] asks the snapshot that is in force, and disturbs nothing there.

mod asking;
mod decision;
mod settings;
mod token;

use std::{collections::HashMap, fmt, net::IpAddr, sync::Arc};

use clingfish_affinity::{Judgement, KeyRing, Memo};
use clingfish_h1::{HeadError, Progress, parse_request};
use clingfish_model::{
    DesiredState, Name, RequestHead, UnixMillis, head::RequestParts, head::without_port,
    listener::RequestLimits,
};
use clingfish_snapshot::{Chosen, Group, Inputs, ListenerView, Snapshot, compile};
use clingfish_tls::Material;

pub use asking::{Asking, BadAsking};

use crate::clock;

/// A request that somebody asks about.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The listener that it comes to; may be left out where there is only one.
    pub listener: Option<&'a str>,
    /// Its head as HTTP/1.1, to the empty line.
    pub head: &'a [u8],
    /// Whose it is.
    pub client: IpAddr,
    /// Whether it comes by https.
    pub https: bool,
    /// What is known of a request that has been here; none of one that somebody makes up.
    pub known: Option<Known<'a>>,
}

/// What is known of a request that has been here.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The other end of its connection: its client, or a trusted proxy.
    pub peer: IpAddr,
    /// The name that the client asked for in its TLS handshake.
    pub server_name: Option<&'a str>,
    /// The request as it may be shown. Its session is shown as logs have it.
    pub shown: &'a str,
}

/// Why nothing can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// Which listener is not clear.
    #[error("say which listener the request comes to: {}", names.join(", "))]
    WhichListener {
        /// Those that there are.
        names: Vec<String>,
    },
    /// There is none.
    #[error("the configuration has no listener")]
    NoListener,
    /// It is no request.
    #[error("that is no request: {0}")]
    Head(HeadError),
    /// Its end is missing.
    #[error("that is no request: a line break is in one of its parts")]
    Incomplete,
}

/// The time by which tokens are judged.
pub fn now() -> UnixMillis {
    clock::wall()
}

/// Tells every derived value of each target group's stickiness.
pub fn configuration(state: &DesiredState) -> String {
    let mut out = String::new();
    for group in &state.target_groups {
        settings::write(group, &mut out);
    }
    if out.is_empty() {
        out.push_str("the configuration has no target group\n");
    }
    out
}

/// Opens a token and tells what is in it.
pub fn token(text: &str, state: &DesiredState, ring: &KeyRing, now: UnixMillis) -> Story {
    token::describe(text.trim().as_bytes(), state, ring, now)
}

/// Tells where a request would go by what a file says, and why.
pub fn request(
    state: &DesiredState,
    ring: &Arc<KeyRing>,
    question: &Question<'_>,
    now: UnixMillis,
) -> Result<Story, ExplainError> {
    tell(&snapshot(state, ring), Source::File, question, now)
}

/// Tells where a request would go if it came now, and why.
pub fn running(
    snapshot: &Snapshot,
    question: &Question<'_>,
    now: UnixMillis,
) -> Result<Story, ExplainError> {
    tell(snapshot, Source::Running, question, now)
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    File,
    Running,
}

fn tell(
    snapshot: &Snapshot,
    source: Source,
    question: &Question<'_>,
    now: UnixMillis,
) -> Result<Story, ExplainError> {
    let listener = listener(snapshot, question.listener)?;
    let mut parts = RequestParts::default();
    let parsed = parse_request(question.head, 0, &RequestLimits::default(), &mut parts);
    if matches!(parsed.map_err(ExplainError::Head)?, Progress::Partial) {
        return Err(ExplainError::Incomplete);
    }
    let head = RequestHead::new(question.head, &parts);
    let mut story = Story::default();
    story.tell("request", shown(head, question));
    let bind = listener.listener.bind;
    story.tell("listener", format!("{} ({bind})", listener.listener.name));
    if let Some(group) = route(listener, snapshot, head, question, now, &mut story) {
        let asked = decision::Asked { snapshot, source, question, now };
        decision::tell(group, head, asked, &mut story);
    }
    Ok(story)
}

/// The request in a line.
fn shown(head: RequestHead<'_>, question: &Question<'_>) -> String {
    if let Some(known) = question.known {
        return known.shown.to_owned();
    }
    let (method, path) = (lossy(head.method_name()), lossy(head.path_and_query()));
    let scheme = if question.https { "https" } else { "http" };
    let host = lossy(without_port(head.authority()));
    format!("{method} {scheme}://{host}{path} from {}", question.client)
}

/// Steps, each with what it is about. Shown as lines with that in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story(Vec<(&'static str, String)>);

impl Story {
    fn tell(&mut self, about: &'static str, text: impl Into<String>) {
        self.0.push((about, text.into()));
    }

    /// What each is about, and what it says.
    pub fn steps(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(about, text)| (*about, text.trim_end()))
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (about, text) in &self.0 {
            for (at, line) in text.lines().enumerate() {
                let about = if at == 0 { about } else { "" };
                writeln!(f, "{about:<10} {line}")?;
            }
        }
        Ok(())
    }
}

/// The rule that takes the request, and the group that it goes to.
fn route<'s>(
    listener: &ListenerView,
    snapshot: &'s Snapshot,
    head: RequestHead<'_>,
    question: &Question<'_>,
    now: UnixMillis,
    story: &mut Story,
) -> Option<&'s Arc<Group>> {
    let peer = question.known.map_or(question.client, |known| known.peer);
    let request = || clingfish_rules::Request::new(head, head.path_and_query(), peer);
    let Some(routed) = listener.route(request, || 0) else {
        story.tell("rule", "none, and the listener has no default action: 404");
        return None;
    };
    match routed.priority {
        0 => story.tell("rule", "none: the default action"),
        priority => story.tell("rule", format!("the one of priority {priority}")),
    }
    match routed.action {
        Chosen::Forward(group) => {
            let group = snapshot.groups.get(group)?;
            story.tell("group", group.spec.name.to_string());
            Some(group)
        }
        Chosen::Sticky(groups) => {
            let claim = groups.claim(head, None, &snapshot.ring, now, &mut memo());
            let choice = groups.choose(&claim, &snapshot.groups, 0, now)?;
            let group = snapshot.groups.get(choice.group)?;
            let by = match choice.judgement {
                Judgement::Keep => "its cookie says so, whatever the weights are",
                _ => "one of several, by weight; its cookie will say so",
            };
            let verdict = choice.judgement.verdict();
            story.tell("group", format!("{}, {verdict}: {by}", group.spec.name));
            Some(group)
        }
        Chosen::Redirect(redirect) => {
            story.tell("answer", format!("a redirect, {}", redirect.status()));
            None
        }
        Chosen::FixedResponse(response) => {
            story.tell("answer", format!("a fixed response, {}", response.status()));
            None
        }
    }
}

/// Everything in the clear: certificates say nothing about where a request goes.
fn snapshot(state: &DesiredState, ring: &Arc<KeyRing>) -> Snapshot {
    let mut state = state.clone();
    state.listeners.iter_mut().for_each(|listener| listener.tls = None);
    state.target_groups.iter_mut().for_each(|group| group.tls = None);
    let inputs = Inputs {
        desired: &state,
        addresses: &HashMap::new(),
        ring,
        tls: &Material::default(),
        revision: 1,
        workers: 1,
        now: clock::now(),
    };
    compile(inputs, None)
}

fn listener<'s>(
    snapshot: &'s Snapshot,
    wanted: Option<&str>,
) -> Result<&'s ListenerView, ExplainError> {
    let names = || snapshot.listeners.iter().map(|view| view.listener.name.to_string()).collect();
    match (wanted, snapshot.listeners.as_slice()) {
        (_, []) => Err(ExplainError::NoListener),
        (None, [only]) => Ok(only),
        (None, _) => Err(ExplainError::WhichListener { names: names() }),
        (Some(wanted), _) => {
            let name = Name::new(wanted).ok();
            let found = name.and_then(|name| snapshot.listener(&name));
            found.ok_or_else(|| ExplainError::WhichListener { names: names() })
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What opens tokens without having seen any.
fn memo() -> Memo {
    Memo::new()
}

#[cfg(test)]
mod tests;
