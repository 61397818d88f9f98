//! Actions: from the members of a request to the model's, and from there to the file and to answers.

mod fixed_response;
mod forward;
mod redirect;
mod settings;

use clingfish_model::{
    Action, Listener, LoadBalancer,
    rule::{BadAction, FixedResponse, Scheme},
};

use crate::{Code, Error, Input, Members, World, constraint::Constraint};

pub(crate) use redirect::check_kept;
pub(crate) use settings::{changes, settings};

/// Types of actions that there are.
const TYPES: [&str; 3] = ["forward", "redirect", "fixed-response"];

/// Types that AWS has beside them. Without what they do, requests would pass that they are there to stop.
const GUARDS: [&str; 3] = ["authenticate-oidc", "authenticate-cognito", "jwt-validation"];

/// Members of an action, and the kind that has each.
const CONFIGS: [(&str, &str); 7] = [
    ("TargetGroupArn", "forward"),
    ("ForwardConfig", "forward"),
    ("RedirectConfig", "redirect"),
    ("FixedResponseConfig", "fixed-response"),
    ("AuthenticateOidcConfig", "authenticate-oidc"),
    ("AuthenticateCognitoConfig", "authenticate-cognito"),
    ("JwtValidationConfig", "jwt-validation"),
];

/// The listener that actions are for, as it will be.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// What it speaks.
    pub(crate) scheme: Scheme,
    /// Where it accepts.
    pub(crate) port: u16,
    /// Whether its rules see paths in their normal form.
    pub(crate) normal_paths: bool,
    pub(crate) world: &'a World<'a>,
}

impl<'a> Scope<'a> {
    /// That of a listener as it is.
    pub(crate) fn of(listener: &Listener, world: &'a World<'a>) -> Self {
        let balancer = world.desired.load_balancer(&listener.load_balancer);
        let normal_paths = balancer.is_none_or(|balancer| balancer.path_normalization);
        Self { scheme: scheme(listener), port: listener.bind.port(), normal_paths, world }
    }

    /// That of a listener that is yet to be.
    pub(crate) fn to_be(
        balancer: &LoadBalancer,
        scheme: Scheme,
        port: u16,
        world: &'a World<'a>,
    ) -> Self {
        Self { scheme, port, normal_paths: balancer.path_normalization, world }
    }
}

/// What a listener speaks.
pub(crate) fn scheme(listener: &Listener) -> Scheme {
    if listener.tls.is_some() { Scheme::Https } else { Scheme::Http }
}

/// Reads a list of actions, which is one: forward, redirect or fixed-response.
pub(crate) fn read(
    input: &mut Input,
    name: &str,
    scope: Scope<'_>,
) -> Result<Option<Action>, Error> {
    let Some(mut actions) = input.list(name, |input| read_one(input, scope))? else {
        return Ok(None);
    };
    match (actions.pop(), actions.is_empty()) {
        (Some(action), true) => Ok(Some(action)),
        (None, _) => {
            let message =
                "You must specify an action of type 'forward', 'redirect' or 'fixed-response'";
            Err(Error::validation(message))
        }
        (Some(_), false) => {
            let message = "Only one action of type 'forward', 'redirect' or 'fixed-response' can be specified";
            Err(Error::new(Code::TooManyActions, message))
        }
    }
}

fn read_one(input: &mut Input, scope: Scope<'_>) -> Result<Action, Error> {
    let kind = input.required_text("Type")?;
    // One action has no order; the number is checked and forgotten.
    input.integer("Order", 1..=50_000)?;
    let is_known = TYPES.contains(&kind.as_str());
    let stranger = CONFIGS.iter().find(|(name, of)| *of != kind && input.has(name));
    if let Some((name, _)) = stranger.filter(|_| is_known) {
        return Err(refused(format!(
            "'{name}' cannot be specified for an action of type '{kind}'"
        )));
    }
    match kind.as_str() {
        "forward" => forward::read(input, scope.world).map(Action::Forward),
        "redirect" => redirect::read(input, scope).map(Action::Redirect),
        "fixed-response" => fixed_response::read(input).map(Action::FixedResponse),
        guard if GUARDS.contains(&guard) => Err(refused(format!(
            "Actions of type '{guard}' are not supported: nothing here authenticates clients"
        ))),
        _ => Err(Constraint::OneOf(&TYPES).broken_by(Some(&kind), &input.at("Type"))),
    }
}

/// An action as answers show it; none is what answers 404 until there is something to serve.
pub(crate) fn members(action: Option<&Action>, listener: &Listener, world: &World<'_>) -> Members {
    match action {
        Some(Action::Forward(forward)) => forward::members(forward, world),
        Some(Action::Redirect(redirect)) => redirect::members(redirect, scheme(listener)),
        Some(Action::FixedResponse(response)) => fixed_response::members(response),
        // There is no other kind yet.
        Some(_) | None => match not_found() {
            Ok(response) => fixed_response::members(&response),
            Err(_) => Members::default(),
        },
    }
}

fn not_found() -> Result<FixedResponse, BadAction> {
    FixedResponse::new(404, None, "")
}

/// What both kinds of answers begin with. The order is that of the only action that there is.
fn head(kind: &str) -> Members {
    Members::default().text("Type", kind).value("Order", 1)
}

/// An action that cannot be.
pub(crate) fn refused(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidLoadBalancerAction, message)
}
