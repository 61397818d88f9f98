//! Actions: what is done with a request.

use std::ops::RangeInclusive;

use super::Redirect;
use crate::{GroupStickiness, Name};

/// What is done with a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// A target group serves it.
    Forward(Forward),
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// It gets this answer.
    FixedResponse(FixedResponse),
}

/// The groups that requests are spread over: each request by itself, or each session where there is group stickiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    groups: Vec<WeightedGroup>,
    stickiness: Option<GroupStickiness>,
}

/// A target group and its share of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedGroup {
    /// Which one.
    pub group: Name,
    /// In proportion to the sum of all; 0 to 999.
    pub weight: u16,
}

/// An answer of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedResponse {
    status: u16,
    content_type: &'static str,
    body: String,
}

/// Why something is no action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAction {
    /// Too few or too many groups.
    #[error("forward names {count} target groups: name 1 to {}", Forward::GROUPS_MAX)]
    Groups {
        /// How many it names.
        count: usize,
    },
    /// A group is there twice.
    #[error("forward names {group} twice: add up its weights")]
    GroupTwice {
        /// Which one.
        group: Name,
    },
    /// A weight beyond its bounds.
    #[error("the weight {weight} is outside 0 to 999: only the proportion of weights counts")]
    Weight {
        /// What was written.
        weight: u64,
    },
    /// Nobody gets anything.
    #[error("all weights are 0, so no request goes anywhere: give one group a weight")]
    NoWeight,
    /// A status that an answer of our own may not have.
    #[error("status {status} is not one of a fixed response: use 200 to 299, or 400 to 599")]
    Status {
        /// What was written.
        status: u64,
    },
    /// A content type that ALB has not.
    #[error("the content type {content_type:?} is not one of a fixed response: use {}", FixedResponse::CONTENT_TYPES.join(", "))]
    ContentType {
        /// What was written.
        content_type: String,
    },
    /// Too long.
    #[error(
        "the body has {length} bytes; a fixed response has at most {}: let a target serve it",
        FixedResponse::BODY_BYTES_MAX
    )]
    Body {
        /// How long it is.
        length: usize,
    },
    /// RFC 9110: no body where the status says so.
    #[error("status {status} has no body: remove it, or use 200")]
    BodyNotAllowed {
        /// 204 or 205.
        status: u16,
    },
}

impl Forward {
    /// Groups of one action, as ALB.
    pub const GROUPS_MAX: usize = 5;
    /// Bounds of a weight.
    pub const WEIGHTS: RangeInclusive<u64> = 0..=999;

    /// Every request goes to that group.
    pub fn to(group: Name) -> Self {
        Self { groups: vec![WeightedGroup { group, weight: 1 }], stickiness: None }
    }

    /// Requests are spread over the groups by weight.
    pub fn weighted(groups: Vec<WeightedGroup>) -> Result<Self, BadAction> {
        if !(1..=Self::GROUPS_MAX).contains(&groups.len()) {
            return Err(BadAction::Groups { count: groups.len() });
        }
        for (at, one) in groups.iter().enumerate() {
            if groups.iter().take(at).any(|other| other.group == one.group) {
                return Err(BadAction::GroupTwice { group: one.group.clone() });
            }
            if !Self::WEIGHTS.contains(&one.weight.into()) {
                return Err(BadAction::Weight { weight: one.weight.into() });
            }
        }
        if groups.iter().all(|one| one.weight == 0) {
            return Err(BadAction::NoWeight);
        }
        Ok(Self { groups, stickiness: None })
    }

    /// The same, where sessions stay with their group.
    pub fn sticky(self, stickiness: GroupStickiness) -> Self {
        Self { stickiness: Some(stickiness), ..self }
    }

    /// How sessions stay with their group; none where each request is spread by itself.
    pub fn stickiness(&self) -> Option<&GroupStickiness> {
        self.stickiness.as_ref()
    }

    /// At least one.
    pub fn groups(&self) -> &[WeightedGroup] {
        &self.groups
    }
}

impl Action {
    /// The groups that it sends requests to; none unless it forwards.
    pub fn groups(&self) -> &[WeightedGroup] {
        match self {
            Self::Forward(forward) => forward.groups(),
            Self::Redirect(_) | Self::FixedResponse(_) => &[],
        }
    }
}

impl FixedResponse {
    /// Content types, as ALB; the first is the default.
    pub const CONTENT_TYPES: [&'static str; 5] =
        ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    /// Longest body.
    pub const BODY_BYTES_MAX: usize = 1024;

    /// Checks and keeps an answer.
    pub fn new(status: u64, content_type: Option<&str>, body: &str) -> Result<Self, BadAction> {
        let known = u16::try_from(status)
            .ok()
            .filter(|status| (200..=299).contains(status) || (400..=599).contains(status));
        let status = known.ok_or(BadAction::Status { status })?;
        let [default, ..] = Self::CONTENT_TYPES;
        let wanted = content_type.unwrap_or(default);
        let content_type = Self::CONTENT_TYPES.into_iter().find(|known| *known == wanted);
        let content_type = content_type
            .ok_or_else(|| BadAction::ContentType { content_type: wanted.to_owned() })?;
        if body.len() > Self::BODY_BYTES_MAX {
            return Err(BadAction::Body { length: body.len() });
        }
        if matches!(status, 204 | 205) && !body.is_empty() {
            return Err(BadAction::BodyNotAllowed { status });
        }
        Ok(Self { status, content_type, body: body.to_owned() })
    }

    /// 2xx, 4xx or 5xx.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the body is.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The body, perhaps empty.
    pub fn body(&self) -> &str {
        &self.body
    }
}
