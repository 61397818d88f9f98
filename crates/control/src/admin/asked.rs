//! What is asked at the admin address once it may be answered, and what an answer is made of.

use std::sync::Arc;

use bytes::Bytes;
use clingfish_model::Role;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::{content::Content, desk::Arrival};

/// Content type of answers for people.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// A request that may be answered: it means us, comes from where it may come from, and is whole. Who asks is known, and may do it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// As it was sent, with its percent signs.
    pub(crate) path: String,
    /// After the `?`, as it was sent.
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// All of it; its type is one that the place takes, unless it is empty.
    pub(crate) body: Bytes,
    pub(crate) author: Author,
    pub(crate) arrival: Arrival,
    /// What would come of it is wanted, and nothing else.
    pub(crate) asks_only: bool,
}

/// Who asks, as events and logs call them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    /// `access key AKIA…`, `token ci` or `loopback`.
    pub(crate) name: Arc<str>,
    pub(crate) role: Role,
}

impl Author {
    /// Whoever is on this machine, where no credentials are known.
    pub(crate) fn loopback() -> Self {
        Self { name: "loopback".into(), role: Role::Admin }
    }

    /// Who has the token of that name.
    pub(crate) fn token(name: &str, role: Role) -> Self {
        Self { name: format!("token {name}").into(), role }
    }

    /// Who signs with the key of that id.
    pub(crate) fn access_key(id: &str, role: Role) -> Self {
        Self { name: format!("access key {id}").into(), role }
    }
}

/// An answer before HTTP. What every answer carries (`cache-control`, `x-content-type-options`) is added on the way out.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// Further fields.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Content,
}

impl Answer {
    /// An answer of that type.
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self { status, content_type, headers: Vec::new(), body: Content::Whole(body.into()) }
    }

    /// An answer for people.
    pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status, TEXT, text)
    }

    /// The same, with one more field.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
