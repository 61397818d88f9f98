//! Why a request to the admin address is not answered as asked, and how each API says so.

use std::time::Duration;

use clingfish_elb::{Api, Code, Error};
use hyper::{
    StatusCode,
    header::{ACCEPT, ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{
    asked::{Answer, TEXT},
    routes::Place,
    site::fenced,
};

/// Why a request is not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its Host is not ours.
    Misdirected,
    /// A browser sends it from somewhere else, or does not say from where.
    CrossSite,
    /// It comes from another machine, and there are no credentials.
    NotLocal,
    /// It comes through a proxy that nobody trusts, and there are no credentials.
    Proxied,
    /// Its sender has failed to say who it is too often.
    TooManyFailures(Duration),
    /// It does not say who sends it.
    NoCredentials,
    /// It says so with what we do not know.
    WrongCredentials,
    /// Its signature does not say so, in AWS's words.
    Signature(Error),
    /// Its sender may look only.
    ReadOnly,
    /// What it would show can be read on the way.
    NeedsTls,
    /// It cannot be done now.
    TryLater,
    /// There is nothing there.
    NotFound,
    /// There is something else to do there.
    Method(&'static str),
    /// Its body is too long.
    BodyTooLarge,
    /// Its body does not come in time.
    BodyTooSlow,
    /// Its body ends early, or is not framed as it says.
    BodyBroken,
    /// Its body is of a type that is not taken there.
    ContentType(&'static str),
}

/// Refusals that are counted: those that have to do with who asks.
pub(crate) const COUNTED: [&str; 8] = [
    "host",
    "cross_site",
    "not_local",
    "proxied",
    "too_many_failures",
    "no_credentials",
    "wrong_credentials",
    "read_only",
];

impl Refusal {
    /// Its place in [`COUNTED`], if it has one.
    pub(crate) fn counted(&self) -> Option<usize> {
        match self {
            Self::Misdirected => Some(0),
            Self::CrossSite => Some(1),
            Self::NotLocal => Some(2),
            Self::Proxied => Some(3),
            Self::TooManyFailures(_) => Some(4),
            Self::NoCredentials => Some(5),
            Self::Signature(error) if error.code == Code::MissingAuthenticationToken => Some(5),
            Self::WrongCredentials | Self::Signature(_) => Some(6),
            Self::ReadOnly => Some(7),
            _ => None,
        }
    }

    /// Whether somebody may have guessed.
    pub(crate) fn is_guess(&self) -> bool {
        match self {
            Self::WrongCredentials => true,
            Self::Signature(error) => {
                matches!(error.code, Code::InvalidClientTokenId | Code::SignatureDoesNotMatch)
            }
            _ => false,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::NoCredentials | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::CrossSite | Self::NotLocal | Self::Proxied | Self::ReadOnly | Self::NeedsTls => {
                StatusCode::FORBIDDEN
            }
            Self::TryLater => StatusCode::SERVICE_UNAVAILABLE,
            Self::Signature(error) => {
                StatusCode::from_u16(error.code.status(Api::V2)).unwrap_or(StatusCode::FORBIDDEN)
            }
            Self::TooManyFailures(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// For programs, in AWS's words and in ours.
    fn codes(&self) -> (Code, &'static str) {
        match self {
            Self::Misdirected => (Code::AccessDenied, "host"),
            Self::CrossSite => (Code::AccessDenied, "cross_site"),
            Self::NotLocal => (Code::AccessDenied, "not_local"),
            Self::Proxied => (Code::AccessDenied, "proxied"),
            Self::TooManyFailures(_) => (Code::ThrottlingException, "too_many_failures"),
            Self::NoCredentials => (Code::MissingAuthenticationToken, "no_credentials"),
            Self::WrongCredentials => (Code::InvalidClientTokenId, "wrong_credentials"),
            Self::Signature(error) => (error.code, "wrong_credentials"),
            Self::ReadOnly => (Code::AccessDenied, "read_only"),
            Self::NeedsTls => (Code::AccessDenied, "needs_tls"),
            Self::TryLater => (Code::InternalFailure, "unavailable"),
            Self::NotFound => (Code::InvalidAction, "not_found"),
            Self::Method(_) => (Code::InvalidAction, "method"),
            Self::BodyTooLarge => (Code::ValidationError, "body_too_large"),
            Self::BodyTooSlow => (Code::ValidationError, "body_too_slow"),
            Self::BodyBroken => (Code::MalformedQueryString, "body_broken"),
            Self::ContentType(_) => (Code::ValidationError, "content_type"),
        }
    }

    /// For people.
    fn message(&self) -> &str {
        match self {
            Self::Misdirected => {
                "this Host is not the admin address's own; add it to hosts in [admin] if it should be"
            }
            Self::CrossSite => {
                "a browser sends this from another site, or does not say from which; use a program or the admin address's own pages"
            }
            Self::NotLocal => {
                "without credentials the API answers this machine only; add access_keys or tokens to [admin] to use it from elsewhere"
            }
            Self::Proxied => {
                "without credentials the API answers this machine only, and this came through a proxy; \
                 add access_keys or tokens to [admin], or the proxy to trusted_proxies there"
            }
            Self::TooManyFailures(_) => "too many failures to say who asks; wait, then try again",
            Self::NoCredentials => "this needs credentials: Authorization: Bearer, and a token",
            Self::WrongCredentials => "these credentials are not known here",
            Self::Signature(error) => &error.message,
            Self::ReadOnly => "these credentials are for reading only",
            Self::NeedsTls => {
                "from another machine the console needs TLS; add tls to [admin], or come through a tunnel"
            }
            Self::TryLater => "this cannot be done now; try again",
            Self::NotFound => "nothing here; see /",
            Self::Method(_) => "this method is not for this path",
            Self::BodyTooLarge => "the body is too long",
            Self::BodyTooSlow => "the body did not come in time",
            Self::BodyBroken => "the body ended early, or is not framed as it says",
            Self::ContentType(_) => "the body has a type that is not taken here",
        }
    }

    /// The answer, in the language of the place that was asked.
    pub(crate) fn answer(&self, place: Place) -> Answer {
        let (status, message) = (self.status(), self.message());
        let (code_of_aws, code) = self.codes();
        let answer = match place {
            Place::Open(_) => Answer::new(status, TEXT, format!("{message}\n")),
            Place::Console => fenced(Answer::new(status, TEXT, format!("{message}\n"))),
            Place::Elb => super::elb::error(status, &Error::new(code_of_aws, message)),
            Place::Native | Place::Session => super::native::error(status, code, message),
        };
        match self {
            Self::Method(allowed) => answer.with(ALLOW, HeaderValue::from_static(allowed)),
            Self::NoCredentials if place == Place::Native => {
                answer.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Self::WrongCredentials if place == Place::Native => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                answer.with(WWW_AUTHENTICATE, challenge)
            }
            Self::TooManyFailures(wait) => {
                answer.with(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)))
            }
            Self::ContentType(expected) => answer.with(ACCEPT, HeaderValue::from_static(expected)),
            _ => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::routes::Page, *};

    fn all() -> Vec<Refusal> {
        vec![
            Refusal::Misdirected,
            Refusal::CrossSite,
            Refusal::NotLocal,
            Refusal::Proxied,
            Refusal::TooManyFailures(Duration::from_millis(1500)),
            Refusal::NoCredentials,
            Refusal::WrongCredentials,
            Refusal::ReadOnly,
            Refusal::NotFound,
            Refusal::Method("GET, HEAD"),
            Refusal::BodyTooLarge,
            Refusal::BodyTooSlow,
            Refusal::BodyBroken,
            Refusal::ContentType("application/json"),
            Refusal::Signature(unsigned()),
        ]
    }

    fn unsigned() -> Error {
        Error::new(Code::MissingAuthenticationToken, "<none>")
    }

    #[test]
    fn every_cause_that_is_counted_has_the_name_that_answers_have() {
        let mut counted: Vec<usize> = all().iter().filter_map(Refusal::counted).collect();
        for refusal in all().iter().filter(|refusal| !matches!(refusal, Refusal::Signature(_))) {
            let name = refusal.counted().map(|at| COUNTED[at]);
            assert!(name.is_none_or(|name| name == refusal.codes().1), "{refusal:?}");
        }
        counted.sort_unstable();
        counted.dedup();
        assert_eq!(counted, Vec::from_iter(0..COUNTED.len()));
    }

    #[test]
    fn each_api_is_refused_in_its_own_words() {
        let open = Place::Open(Page::Index);
        for (refusal, place, status, field) in [
            (Refusal::NoCredentials, Place::Native, 401, Some(("www-authenticate", "Bearer"))),
            (
                Refusal::WrongCredentials,
                Place::Native,
                401,
                Some(("www-authenticate", "Bearer error=\"invalid_token\"")),
            ),
            (Refusal::Signature(unsigned()), Place::Elb, 403, None),
            (Refusal::NotLocal, Place::Elb, 403, None),
            (Refusal::ReadOnly, Place::Native, 403, None),
            (
                Refusal::TooManyFailures(Duration::from_millis(1500)),
                Place::Native,
                429,
                Some(("retry-after", "2")),
            ),
            (Refusal::Method("GET"), Place::Native, 405, Some(("allow", "GET"))),
            (Refusal::BodyTooSlow, Place::Elb, 408, None),
            (Refusal::BodyTooLarge, Place::Elb, 413, None),
            (Refusal::ContentType("a/b"), Place::Native, 415, Some(("accept", "a/b"))),
            (Refusal::Misdirected, open, 421, None),
            (Refusal::NotFound, Place::Console, 404, Some(("x-frame-options", "DENY"))),
            (Refusal::NeedsTls, Place::Session, 403, None),
            (Refusal::TryLater, Place::Session, 503, None),
        ] {
            let answer = refusal.answer(place);
            assert_eq!(answer.status.as_u16(), status, "{refusal:?}");
            let text = String::from_utf8(answer.body.bytes().to_vec()).unwrap();
            let (of_aws, ours) = refusal.codes();
            let (media, code) = match place {
                Place::Open(_) | Place::Console => (TEXT, refusal.message().to_owned()),
                Place::Elb => ("text/xml", format!("<Code>{}</Code>", of_aws.as_str())),
                Place::Native | Place::Session => {
                    ("application/json", format!("\"code\":\"{ours}\""))
                }
            };
            assert_eq!(answer.content_type, media, "{refusal:?}");
            assert!(text.contains(&code), "{text}");
            if let Some((name, value)) = field {
                let found = answer.headers.iter().find(|(known, _)| known == name);
                assert_eq!(found.map(|(_, value)| value.to_str().unwrap()), Some(value));
            }
        }
    }
}
