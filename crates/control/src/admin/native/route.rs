//! What is where below `/v1`.

use hyper::Method;

use super::fault::Fault;
use crate::admin::routes::decoded;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Index,
    OpenApi,
    Look(Look),
    ChangeGroup,
    ReplaceStickiness,
    AddTarget,
    ChangeTarget,
    RemoveTarget,
    Verdicts,
    Live,
    WhatIf,
    StartCheck,
    Checks,
    Check,
    CancelCheck,
    Keys,
    Revisions,
    Revision,
    Diff,
    Events,
    Rollback,
}

/// What there is to see of what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    State,
    LoadBalancers,
    LoadBalancer,
    Listeners,
    Listener,
    TargetGroups,
    TargetGroup,
    Targets,
    Target,
    GroupHistory,
    TargetHistory,
    Explain,
    Requests,
    Request,
}

impl Look {
    /// Whether it shows what is desired, so that a change can name the tag of it.
    pub(super) fn has_tag(self) -> bool {
        !matches!(
            self,
            Self::GroupHistory
                | Self::TargetHistory
                | Self::Explain
                | Self::Requests
                | Self::Request
        )
    }
}

/// Every route: method, path with names in braces, and what it is for.
pub(crate) static ROUTES: &[(Method, &str, To)] = &[
    (Method::GET, "/v1", To::Index),
    (Method::GET, "/v1/openapi.json", To::OpenApi),
    (Method::GET, "/v1/state", To::Look(Look::State)),
    (Method::GET, "/v1/load-balancers", To::Look(Look::LoadBalancers)),
    (Method::GET, "/v1/load-balancers/{name}", To::Look(Look::LoadBalancer)),
    (Method::GET, "/v1/listeners", To::Look(Look::Listeners)),
    (Method::GET, "/v1/listeners/{name}", To::Look(Look::Listener)),
    (Method::GET, "/v1/target-groups", To::Look(Look::TargetGroups)),
    (Method::GET, "/v1/target-groups/{name}", To::Look(Look::TargetGroup)),
    (Method::PATCH, "/v1/target-groups/{name}", To::ChangeGroup),
    (Method::PUT, "/v1/target-groups/{name}/stickiness", To::ReplaceStickiness),
    (Method::GET, "/v1/target-groups/{name}/targets", To::Look(Look::Targets)),
    (Method::POST, "/v1/target-groups/{name}/targets", To::AddTarget),
    (Method::GET, "/v1/target-groups/{name}/targets/{id}", To::Look(Look::Target)),
    (Method::PATCH, "/v1/target-groups/{name}/targets/{id}", To::ChangeTarget),
    (Method::DELETE, "/v1/target-groups/{name}/targets/{id}", To::RemoveTarget),
    (Method::GET, "/v1/target-groups/{name}/history", To::Look(Look::GroupHistory)),
    (Method::GET, "/v1/target-groups/{name}/targets/{id}/history", To::Look(Look::TargetHistory)),
    (Method::GET, "/v1/verdicts", To::Verdicts),
    (Method::GET, "/v1/live", To::Live),
    (Method::POST, "/v1/explain", To::Look(Look::Explain)),
    (Method::GET, "/v1/requests", To::Look(Look::Requests)),
    (Method::GET, "/v1/requests/{id}/explain", To::Look(Look::Request)),
    (Method::POST, "/v1/what-if", To::WhatIf),
    (Method::GET, "/v1/checks", To::Checks),
    (Method::POST, "/v1/checks", To::StartCheck),
    (Method::GET, "/v1/checks/{id}", To::Check),
    (Method::DELETE, "/v1/checks/{id}", To::CancelCheck),
    (Method::GET, "/v1/keys", To::Keys),
    (Method::GET, "/v1/revisions", To::Revisions),
    (Method::GET, "/v1/revisions/{revision}", To::Revision),
    (Method::GET, "/v1/diff", To::Diff),
    (Method::GET, "/v1/events", To::Events),
    (Method::POST, "/v1/rollback", To::Rollback),
];

/// A route, and the names in the path.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) to: To,
    names: Vec<String>,
}

impl Found {
    /// A name of the path, counted from zero.
    pub(super) fn name(&self, at: usize) -> Result<&str, Fault> {
        let name = self.names.get(at).map(String::as_str);
        name.ok_or_else(|| Fault::not_found("nothing here; see /v1"))
    }

    /// The same, where it is a number.
    pub(super) fn number(&self, at: usize) -> Result<u64, Fault> {
        let name = self.name(at)?;
        let number = name.parse().ok();
        number.ok_or_else(|| Fault::bad_request(format!("{name:?} is no number of a revision")))
    }
}

/// Finds the route of a request.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, Fault> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let mut allowed: Vec<&str> = Vec::new();
    for (known, template, to) in ROUTES {
        let Some(names) = fit(template, path) else { continue };
        if known == method {
            return Ok(Found { to: *to, names });
        }
        allowed.push(known.as_str());
        allowed.extend((*known == Method::GET).then_some("HEAD"));
    }
    if allowed.is_empty() {
        return Err(Fault::not_found("nothing here; see /v1"));
    }
    Err(Fault::method(&allowed.join(", ")))
}

/// The names in a path, if it is one of these.
fn fit(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(names),
            (Some(wanted), Some(found)) if wanted.starts_with('{') => {
                names.push(Some(decoded(found).into_owned()).filter(|name| !name.is_empty())?);
            }
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_routes_and_methods_to_their_own() {
        let ask = |method: &Method, path: &str| match find(method, path) {
            Ok(found) => (Some(found.to), found.names.join(" ")),
            Err(fault) => (None, fault.answer().status.as_str().to_owned()),
        };
        for (method, path, to, names) in [
            (Method::GET, "/v1", Some(To::Index), ""),
            (Method::HEAD, "/v1/state", Some(To::Look(Look::State)), ""),
            (Method::GET, "/v1/target-groups/web", Some(To::Look(Look::TargetGroup)), "web"),
            (Method::DELETE, "/v1/target-groups/a/targets/b%2Fc", Some(To::RemoveTarget), "a b/c"),
            (Method::GET, "/v1/target-groups/", None, "404"),
            (Method::GET, "/v1/", None, "404"),
            (Method::GET, "/v1/target-groups/a/b", None, "404"),
            (Method::DELETE, "/v1/state", None, "405"),
            (Method::GET, "/v1/explain", None, "405"),
        ] {
            assert_eq!(ask(&method, path), (to, names.to_owned()), "{method} {path}");
        }
    }
}
