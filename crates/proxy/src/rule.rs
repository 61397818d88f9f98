//! Room `rules`: which rule takes the request, and what that means for it: a group, an answer of our own, another host or path.

use std::{net::IpAddr, rc::Rc, sync::Arc};

use clingfish_model::{
    RequestHead,
    head::{split_query, without_port},
    rule::{FixedResponse, Origin, Redirect, Scheme, Transforms},
};
use clingfish_rules::Request;
use clingfish_snapshot::Chosen;

use crate::{
    chosen_group::ChosenGroup, exchange::Exchange, first_home::Remembered, outcome::Outcome,
    refusal::Refusal, view::GroupLocal,
};

/// An answer that a rule gives instead of a target.
#[derive(Debug)]
pub(crate) enum ByRule {
    /// The client is sent elsewhere.
    Redirect { status: u16, location: Vec<u8> },
    /// The rule has it all.
    Fixed(Arc<FixedResponse>),
}

/// What a rule did to a request, for its target and for the log. Most requests have none.
#[derive(Debug, Default)]
pub(crate) struct Ruling {
    /// The host that it made, without a port.
    pub(crate) host: Option<Vec<u8>>,
    /// The path and query that it made.
    pub(crate) path_and_query: Option<Vec<u8>>,
    /// ALB's word for how making them went; empty where nothing was made.
    pub(crate) transform_status: &'static str,
    /// Where it sent the client.
    pub(crate) redirect_url: Vec<u8>,
}

/// A rewrite whose result no target could be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRewrite {
    Host,
    Path,
}

/// Path and query as rules see them.
pub(crate) fn path_for_rules(head: RequestHead<'_>) -> &[u8] {
    head.path_and_query()
}

impl Exchange<'_> {
    /// Finds the group that serves the request, or the answer that it gets without one.
    pub(crate) fn route(
        &self,
        outcome: &mut Outcome,
        first_home: &Remembered,
    ) -> Result<(&Rc<GroupLocal>, Option<Box<ChosenGroup<'_>>>), Refusal> {
        let peer = self.facts.peer.ip();
        let request = || Request::new(self.head, path_for_rules(self.head), peer);
        let routed = self.listener.route(request, || self.worker.random());
        let routed = routed.ok_or(Refusal::NoRule)?;
        outcome.rule = Some(routed.priority);
        match routed.action {
            Chosen::Forward(group) => {
                let group = self.forward(group, routed.transforms, outcome)?;
                Ok((group, None))
            }
            Chosen::Sticky(groups) => {
                let chosen = self.choose_group(groups, first_home).ok_or(Refusal::NoRule)?;
                outcome.group_verdict = Some(chosen.verdict());
                let group = self.forward(chosen.choice.group, routed.transforms, outcome)?;
                Ok((group, Some(chosen)))
            }
            Chosen::Redirect(redirect) => {
                outcome.action = "redirect";
                Err(self.redirect(redirect))
            }
            Chosen::FixedResponse(response) => {
                outcome.action = "fixed-response";
                Err(Refusal::ByRule(ByRule::Fixed(Arc::clone(response))))
            }
        }
    }

    fn forward(
        &self,
        group: usize,
        transforms: Option<&Transforms>,
        outcome: &mut Outcome,
    ) -> Result<&Rc<GroupLocal>, Refusal> {
        outcome.action = "forward";
        if let Some(transforms) = transforms {
            outcome.ruling = self.rewrite(transforms).map_err(Refusal::Transform)?;
        }
        self.view.groups.get(group).ok_or(Refusal::NoRule)
    }

    fn redirect(&self, redirect: &Redirect) -> Refusal {
        let https = self.facts.is_https(self.head);
        let scheme = if https { Scheme::Https } else { Scheme::Http };
        let local = match self.facts.local.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let authority = self.head.authority();
        let (path, query) = split_query(path_for_rules(self.head));
        let (host, port) = match without_port(authority) {
            b"" => (local.as_bytes(), self.facts.local.port()),
            host => (host, port_of(authority).unwrap_or(scheme.port())),
        };
        let mut location = Vec::new();
        redirect.write(&Origin { scheme, host, port, path, query }, &mut location);
        if location.len() > Redirect::LOCATION_BYTES_MAX {
            return Refusal::RedirectTooLong;
        }
        Refusal::ByRule(ByRule::Redirect { status: redirect.status(), location })
    }

    /// Host, and path with query, as the transforms make them; nothing where none of them fits.
    fn rewrite(&self, transforms: &Transforms) -> Result<Option<Box<Ruling>>, BadRewrite> {
        let host = without_port(self.head.authority());
        let host = transforms.host.as_ref().and_then(|rewrite| rewrite.apply(host));
        let path = path_for_rules(self.head);
        let path_and_query = transforms.url.as_ref().and_then(|rewrite| rewrite.apply(path));
        let length_max = self.listener.balancer.request_limits.request_line_bytes_max;
        if host.as_deref().is_some_and(|host| !is_host(host)) {
            return Err(BadRewrite::Host);
        }
        if path_and_query.as_deref().is_some_and(|path| !is_path(path, length_max)) {
            return Err(BadRewrite::Path);
        }
        let is_any = host.is_some() || path_and_query.is_some();
        let transform_status = "TransformSuccess";
        let ruling = || Ruling { host, path_and_query, transform_status, ..Ruling::default() };
        Ok(is_any.then(|| Box::new(ruling())))
    }
}

impl ByRule {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Redirect { status, .. } => *status,
            Self::Fixed(response) => response.status(),
        }
    }

    /// A short stable word for metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "redirect",
            Self::Fixed(_) => "fixed_response",
        }
    }

    /// Where the client is sent.
    pub(crate) fn location(&self) -> Option<&[u8]> {
        match self {
            Self::Redirect { location, .. } => Some(location),
            Self::Fixed(_) => None,
        }
    }
}

impl BadRewrite {
    /// ALB's word for it, as `request_transform_status`.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Host => "TransformInvalidHost",
            Self::Path => "TransformInvalidPath",
        }
    }
}

/// The port of `host:port`, if there is one.
fn port_of(authority: &[u8]) -> Option<u16> {
    let port = authority.strip_prefix(without_port(authority))?.strip_prefix(b":")?;
    std::str::from_utf8(port).ok()?.parse().ok()
}

/// Whether the bytes can stand in a Host field as a name.
fn is_host(host: &[u8]) -> bool {
    const HOST_BYTES_MAX: usize = 255;
    let legal = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    (1..=HOST_BYTES_MAX).contains(&host.len()) && host.iter().all(legal)
}

/// Whether the bytes can stand in a request line.
fn is_path(path: &[u8], length_max: usize) -> bool {
    let legal = |c: &u8| *c > b' ' && *c != 0x7f && *c != b'#';
    path.starts_with(b"/") && path.len() <= length_max && path.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_an_authority_is_what_follows_the_last_colon() {
        for (authority, port) in [
            ("shop.example", None),
            ("shop.example:8080", Some(8080)),
            ("shop.example:", None),
            ("[::1]", None),
            ("[::1]:81", Some(81)),
            ("shop.example:99999", None),
            ("", None),
        ] {
            assert_eq!(port_of(authority.as_bytes()), port, "{authority}");
        }
    }

    #[test]
    fn only_what_a_request_line_can_hold_is_a_path() {
        for (path, expected) in [
            ("/", true),
            ("/a?b=c", true),
            ("/ä", true),
            ("", false),
            ("a", false),
            ("/a b", false),
            ("/a\r\nX: y", false),
            ("/a#b", false),
            ("/0123456789", false),
        ] {
            assert_eq!(is_path(path.as_bytes(), 10), expected, "{path:?}");
        }
    }

    #[test]
    fn only_names_are_hosts() {
        for (host, expected) in
            [("a.example", true), ("", false), ("a b", false), ("a:1", false), ("a\r\nb", false)]
        {
            assert_eq!(is_host(host.as_bytes()), expected, "{host:?}");
        }
    }
}
