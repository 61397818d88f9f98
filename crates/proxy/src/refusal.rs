//! Why a request got an answer of our own, or none at all. One place says the status and the word for it.

use clingfish_h1::{BodyError, HeadError};
use clingfish_model::path::PathError;
use clingfish_upstream::DialError;
use h2::Reason;

use crate::rule::{BadRewrite, ByRule};

/// The end of a request that no target answered.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The head is not one, or too large.
    Head(HeadError),
    /// The head is not one, and looks like an attack.
    SevereHead(HeadError),
    /// The head is one, but so far from compliant that the mode does not let it through.
    NotCompliant,
    /// No rule of the listener applies.
    NoRule,
    /// A rule answers, and means to.
    ByRule(ByRule),
    /// A rule sends the client to a URL that is longer than a Location may be.
    RedirectTooLong,
    /// A rule made something of the request that no target can be sent.
    Transform(BadRewrite),
    /// The path has no normal form that would be safe to pass on.
    Path(PathError),
    /// X-Forwarded-For names more addresses than anybody has proxies.
    TooManyForwarded,
    /// The client took too long with its head.
    HeadTimeout,
    /// The client took too long with its body, or sends it too slowly.
    BodyTimeout,
    /// The body says beforehand that it is larger than the limit.
    BodyTooLarge,
    /// The body is not framed as it should be.
    Body(BodyError),
    /// The client closed before its body was complete.
    BodyCut,
    /// The group has no target, or none that may be tried.
    NoTarget,
    /// No connection to a target.
    Dial(DialError),
    /// The target closed or reset before it answered.
    TargetClosed,
    /// The target has reset the stream, or something else went wrong between us and it in HTTP/2.
    StreamBroken,
    /// The target has not looked at the stream, and says so.
    StreamRefused,
    /// The client's protocol and the target group's do not go together.
    Incompatible,
    /// The target's answer is not HTTP as it should be.
    BadResponse(HeadError),
    /// The body of the target's answer is not framed as it should be, or has no end. Ends an answer that has begun.
    BadBody(BodyError),
    /// The target sends interim answers without end.
    TooManyInterims,
    /// The target did not answer in time.
    ResponseTimeout,
    /// The target was taken away, and its time to finish is over.
    Deregistered,
    /// The client closed before it got an answer. Logged only.
    ClientGone,
}

impl Refusal {
    /// What an error of a stream to a target means.
    pub(crate) fn of_frames(error: &h2::Error) -> Self {
        // A stream above the last one that a GOAWAY without fault names has not been looked at either.
        let spared =
            error.is_go_away() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR);
        match error.reason() {
            Some(Reason::REFUSED_STREAM) => Self::StreamRefused,
            _ if spared => Self::StreamRefused,
            None if error.is_io() => Self::TargetClosed,
            _ => Self::StreamBroken,
        }
    }

    /// The status that the client gets; 460 is only ever logged.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Head(error) => error.status(),
            Self::SevereHead(_) | Self::NotCompliant | Self::Path(_) | Self::BodyCut => 400,
            Self::NoRule => 404,
            Self::ByRule(answer) => answer.status(),
            Self::RedirectTooLong => 414,
            Self::Transform(_) => 500,
            Self::HeadTimeout | Self::BodyTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::Body(error) => error.status(),
            Self::TooManyForwarded => 463,
            Self::NoTarget => 503,
            Self::Dial(DialError::Timeout { .. }) | Self::ResponseTimeout => 504,
            Self::Dial(DialError::Exhausted { .. }) => 500,
            Self::Dial(_)
            | Self::TargetClosed
            | Self::StreamBroken
            | Self::StreamRefused
            | Self::BadResponse(_)
            | Self::BadBody(_)
            | Self::TooManyInterims
            | Self::Deregistered => 502,
            Self::ClientGone => 460,
            Self::Incompatible => 464,
        }
    }

    /// Whether something went wrong. Not so where a rule answers.
    pub(crate) fn is_error(&self) -> bool {
        !matches!(self, Self::ByRule(_))
    }

    /// A short stable word for logs and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Head(error) | Self::SevereHead(error) | Self::BadResponse(error) => {
                error.reason()
            }
            Self::NotCompliant => "not_compliant",
            Self::NoRule => "no_rule",
            Self::ByRule(answer) => answer.reason(),
            Self::RedirectTooLong => "redirect_too_long",
            Self::Transform(_) => "transform_failed",
            Self::Path(error) => error.reason(),
            Self::TooManyForwarded => "too_many_forwarded_addresses",
            Self::HeadTimeout => "head_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::BodyTooLarge => "body_too_large",
            Self::Body(error) | Self::BadBody(error) => error.reason(),
            Self::TooManyInterims => "too_many_interims",
            Self::BodyCut => "body_cut",
            Self::NoTarget => "no_target",
            Self::Dial(error) => error.reason(),
            Self::TargetClosed => "target_closed",
            Self::StreamBroken => "target_stream_broken",
            Self::StreamRefused => "target_stream_refused",
            Self::Incompatible => "protocol_incompatible",
            Self::ResponseTimeout => "response_timeout",
            Self::Deregistered => "target_deregistered",
            Self::ClientGone => "client_gone",
        }
    }
}
