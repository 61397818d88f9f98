//! What is where on the admin address.

use std::borrow::Cow;

use clingfish_elb::Api;
use hyper::Method;

use super::{console::SESSION, refusal::Refusal};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// For everybody who can connect.
    Open(Page),
    /// A call of AWS's Query API.
    Elb,
    /// The native API.
    Native,
    /// Files of the web console, which everybody may have.
    Console,
    /// Who has signed in to it.
    Session,
}

/// A page for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// `/`
    Index,
    /// `/healthz`
    Health,
    /// `/readyz`
    Readiness,
    /// `/metrics`
    Metrics,
}

/// What a request wants to do, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Look.
    Read,
    /// Change something, or what cannot be told from that.
    Change,
}

/// Finds the place of a request.
///
/// AWS's clients send everything to `/`: a form by POST, or a query with an `Action` by GET.
pub(crate) fn find(method: &Method, path: &str, query: Option<&str>) -> Result<Place, Refusal> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let page = match path {
        "/" if *method == Method::POST => return Ok(Place::Elb),
        "/" if *method == Method::GET && values(query.unwrap_or(""), "Action").next().is_some() => {
            return Ok(Place::Elb);
        }
        "/" if !is_read => return Err(Refusal::Method("GET, HEAD, POST")),
        "/" => Page::Index,
        "/healthz" => Page::Health,
        "/readyz" => Page::Readiness,
        "/metrics" => Page::Metrics,
        SESSION => {
            return match *method {
                Method::GET | Method::HEAD | Method::POST | Method::DELETE => Ok(Place::Session),
                _ => Err(Refusal::Method("GET, HEAD, POST, DELETE")),
            };
        }
        path if path == "/console" || path.starts_with("/console/") => {
            return if is_read { Ok(Place::Console) } else { Err(Refusal::Method("GET, HEAD")) };
        }
        path if path == "/v1" || path.starts_with("/v1/") => {
            return match *method {
                Method::GET
                | Method::HEAD
                | Method::POST
                | Method::PUT
                | Method::PATCH
                | Method::DELETE => Ok(Place::Native),
                _ => Err(Refusal::Method("GET, HEAD, POST, PUT, PATCH, DELETE")),
            };
        }
        _ => return Err(Refusal::NotFound),
    };
    if is_read { Ok(Place::Open(page)) } else { Err(Refusal::Method("GET, HEAD")) }
}

/// What a request to the native API wants to do: its methods mean what HTTP says.
pub(crate) fn native_intent(method: &Method) -> Intent {
    match *method {
        Method::GET | Method::HEAD => Intent::Read,
        _ => Intent::Change,
    }
}

/// What a call of the Query API wants to do: only one whose every `Action` is a `Describe…` looks.
///
/// Both places where parameters may be are looked at, and all of them, so that nobody who reads them otherwise is misled.
pub(crate) fn elb_intent(query: Option<&str>, body: &[u8]) -> Intent {
    let body = String::from_utf8_lossy(body);
    let mut named = values(query.unwrap_or(""), "Action").chain(values(&body, "Action")).peekable();
    let is_read = named.peek().is_some() && named.all(|action| action.starts_with("Describe"));
    if is_read { Intent::Read } else { Intent::Change }
}

/// The API that a form is for as far as can be told, also of one that is no good; ELBv2 where nothing can.
pub(super) fn elb_api(query: Option<&str>, body: &[u8]) -> Api {
    let body = String::from_utf8_lossy(body);
    let mut versions = values(query.unwrap_or(""), "Version").chain(values(&body, "Version"));
    versions.next().and_then(|version| Api::of_version(&version)).unwrap_or(Api::V2)
}

/// The values of every parameter of that name, however it is written.
fn values<'a>(form: &'a str, wanted: &'static str) -> impl Iterator<Item = Cow<'a, str>> {
    form.split('&').filter_map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name) == wanted).then(|| decoded(value))
    })
}

/// A text without percent signs. A plus stays one.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'%').and_then(|text| u8::from_str_radix(text, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_its_place_or_a_reason() {
        for (method, target, expected) in [
            ("GET", "/", Ok(Place::Open(Page::Index))),
            ("HEAD", "/metrics", Ok(Place::Open(Page::Metrics))),
            ("GET", "/healthz?x=1", Ok(Place::Open(Page::Health))),
            ("GET", "/readyz", Ok(Place::Open(Page::Readiness))),
            ("POST", "/readyz", Err(Refusal::Method("GET, HEAD"))),
            ("POST", "/", Ok(Place::Elb)),
            ("GET", "/?Action=DescribeTags", Ok(Place::Elb)),
            ("GET", "/?Version=1&%41ction=DescribeTags", Ok(Place::Elb)),
            ("GET", "/?Action", Ok(Place::Elb)),
            ("GET", "/?Reaction=x&action=x", Ok(Place::Open(Page::Index))),
            ("HEAD", "/?Action=DeleteRule", Ok(Place::Open(Page::Index))),
            ("PUT", "/?Action=DeleteRule", Err(Refusal::Method("GET, HEAD, POST"))),
            ("OPTIONS", "/", Err(Refusal::Method("GET, HEAD, POST"))),
            ("DELETE", "/v1/x", Ok(Place::Native)),
            ("PATCH", "/v1", Ok(Place::Native)),
            ("OPTIONS", "/v1/x", Err(Refusal::Method("GET, HEAD, POST, PUT, PATCH, DELETE"))),
            ("GET", "/v1x", Err(Refusal::NotFound)),
            ("GET", "/console", Ok(Place::Console)),
            ("HEAD", "/console/js/app.js?x", Ok(Place::Console)),
            ("POST", "/console/", Err(Refusal::Method("GET, HEAD"))),
            ("POST", "/console/session", Ok(Place::Session)),
            ("PUT", "/console/session", Err(Refusal::Method("GET, HEAD, POST, DELETE"))),
            ("GET", "/consoles", Err(Refusal::NotFound)),
            ("POST", "/nothing", Err(Refusal::NotFound)),
        ] {
            let (path, query) =
                target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(find(&method, path, query), expected, "{method} {target}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_still_for_the_api_that_it_names() {
        for (query, body, expected) in [
            (None, "", Api::V2),
            (None, "Action=X&Version=2015-12-01&A=1&A=2", Api::V2),
            (None, "Action=X&Version=2012-06-01&A=1&A=2", Api::Classic),
            (None, "%56ersion=2012%2d06-01", Api::Classic),
            (Some("Version=2012-06-01&A=%zz"), "", Api::Classic),
            (None, "Version=1999-01-01", Api::V2),
        ] {
            assert_eq!(elb_api(query, body.as_bytes()), expected, "{query:?} {body}");
        }
    }

    #[test]
    fn a_call_looks_only_if_nothing_in_it_says_otherwise() {
        for (query, body, expected) in [
            (None, "Action=DescribeRules&Version=2015-12-01", Intent::Read),
            (None, "Version=2015-12-01&%41ction=Describe%52ules", Intent::Read),
            (Some("Action=DescribeRules"), "", Intent::Read),
            (None, "Action=DeleteRule", Intent::Change),
            (None, "", Intent::Change),
            (None, "Action=", Intent::Change),
            (None, "Action=describeRules", Intent::Change),
            (None, "Action=DescribeRules&Action=DeleteRule", Intent::Change),
            (None, "Action=DescribeRules&Actio%6E=DeleteRule", Intent::Change),
            (Some("Action=DescribeRules"), "Action=DeleteRule", Intent::Change),
            (Some("Action=DeleteRule"), "Action=DescribeRules", Intent::Change),
        ] {
            assert_eq!(elb_intent(query, body.as_bytes()), expected, "{query:?} {body}");
        }
    }
}
