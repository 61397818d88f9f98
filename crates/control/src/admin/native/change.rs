//! Changes that the native API makes, and what they depend on.

use std::sync::Arc;

use clingfish_model::{DesiredState, Name, TargetGroup, reach};
use hyper::{
    StatusCode,
    header::{ETAG, IF_MATCH},
};
use serde_json::{Value, json};

use super::{JSON, fault::Fault, tag, tags_in, what_if};
use crate::{
    admin::{
        asked::{Answer, Asked},
        desk::Desk,
    },
    change::{Base, Ground, NotMade, Outline, Planned},
};

/// What If-Match asks for.
#[derive(Clone, Debug)]
struct Condition(Option<Vec<String>>);

impl Condition {
    fn of(asked: &Asked) -> Self {
        let tags = tags_in(&asked.headers, &IF_MATCH);
        Self((!tags.is_empty()).then(|| tags.into_iter().map(str::to_owned).collect()))
    }

    /// Decided on what the plan runs on, so that nothing comes between.
    fn check(&self, base: &Base) -> Result<(), Fault> {
        let Some(tags) = &self.0 else { return Ok(()) };
        let current = format!("\"{}\"", base.since);
        let is_met = tags.iter().any(|tag| *tag == "*" || *tag == current);
        if is_met { Ok(()) } else { Err(Fault::precondition(base.since)) }
    }
}

/// What a plan comes to, and what it touches.
pub(super) type Drawn = (Outline, Vec<String>);

/// Makes a change: its answer has the revision, the tag of what is desired from now on, and the members that `show` adds.
pub(super) async fn make(
    desk: &Desk,
    asked: &Asked,
    action: &str,
    plan: impl FnMut(&Base) -> Result<Drawn, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    make_on(Ground::InForce, desk, asked, action, plan).await
}

/// As [`make`], on a file that may hold errors.
pub(super) async fn make_on(
    ground: Ground,
    desk: &Desk,
    asked: &Asked,
    action: &str,
    mut plan: impl FnMut(&Base) -> Result<Drawn, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    let condition = Condition::of(asked);
    if asked.asks_only {
        return tell(desk, asked, condition, plan).await;
    }
    let planning = move |base: &Base| {
        condition.check(base)?;
        let (outline, touched) = plan(base)?;
        Ok::<_, Fault>(Planned { outline, touched, with: base.since })
    };
    let made = desk.tools.changes.make(&asked.author.name, action, ground, planning).await?;
    let body: Value = json!({
        "revision": made.revision,
        "since": made.since,
        "changed": made.since != made.with,
    });
    Ok(Answer::new(StatusCode::OK, JSON, format!("{body}\n")).with(ETAG, tag(made.since)))
}

/// Runs a plan for what it would come to, and lets it refuse, so that nothing comes of it.
async fn tell(
    desk: &Desk,
    asked: &Asked,
    condition: Condition,
    mut plan: impl FnMut(&Base) -> Result<Drawn, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    let planning = move |base: &Base| {
        let drawn = condition.check(base).and_then(|()| plan(base));
        let states =
            drawn.and_then(|(outline, _)| Ok((Arc::clone(&base.desired), after(base, outline)?)));
        Err::<Planned<()>, _>(states)
    };
    let refused =
        desk.tools.changes.make(&asked.author.name, "what if", Ground::InForce, planning).await;
    let (before, after) = match refused {
        Err(NotMade::Refused(states)) => states?,
        Err(NotMade::Invalid(errors)) => return Err(NotMade::Invalid(errors).into()),
        Err(NotMade::File(why)) => return Err(NotMade::File(why).into()),
        Err(NotMade::Refusal(errors)) => return Err(NotMade::Refusal(errors).into()),
        Err(NotMade::Leaving) | Ok(_) => return Err(NotMade::Leaving.into()),
    };
    let now = super::enforced(desk)?;
    let told = desk.clerks.make(move || what_if::told(&now.snapshot, &before, &after)).await;
    let told = told.map_err(|error| Fault::unavailable(error.to_string()))?;
    Ok(Answer::new(StatusCode::OK, JSON, format!("{told}\n")))
}

/// What would be desired.
fn after(base: &Base, outline: Outline) -> Result<Arc<DesiredState>, Fault> {
    let text = match outline {
        Outline::Nothing => return Ok(Arc::clone(&base.desired)),
        Outline::Edits(edits) => {
            let edited = clingfish_config::edit(&base.text, &edits);
            edited.map_err(|error| Fault::invalid(error.to_string()))?
        }
        Outline::Text(text) => text,
    };
    let invalid = |errors: Vec<clingfish_config::Diagnostic>| {
        let errors = errors.iter().map(ToString::to_string).collect();
        Fault::from(NotMade::Invalid(errors))
    };
    clingfish_config::parse(&text).map(|(desired, _)| Arc::new(desired)).map_err(invalid)
}

/// The group of that name in what is to be changed.
pub(super) fn group<'a>(base: &'a Base, name: &Name) -> Result<&'a TargetGroup, Fault> {
    base.desired.target_group(name).ok_or_else(|| no_group(name.as_str()))
}

/// A name of the path, which may be none.
pub(super) fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).map_err(|error| Fault::not_found(error.to_string()))
}

pub(super) fn no_group(name: &str) -> Fault {
    Fault::not_found(format!("there is no target group {name:?}; see /v1/target-groups"))
}

/// Who may use the API is not to reach what is for this machine alone.
pub(super) fn check_address(
    address: std::net::SocketAddr,
    own: std::net::SocketAddr,
) -> Result<(), Fault> {
    let refuse =
        |why: String| Err(Fault::invalid(format!("address {address} cannot be a target: {why}")));
    if let Some(forbidden) = reach::refuse(address.ip()) {
        return refuse(format!("it is {forbidden}"));
    }
    if reach::is_loopback(address.ip()) {
        if address.port() == own.port() {
            return refuse(format!("it is {}", reach::Forbidden::Admin));
        }
        if !own.ip().is_loopback() {
            return refuse(
                "it is a loopback address, and this API is open to other machines".into(),
            );
        }
    }
    if address == own {
        return refuse(format!("it is {}", reach::Forbidden::Admin));
    }
    Ok(())
}
