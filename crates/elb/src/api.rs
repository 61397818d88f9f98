//! The two APIs that share one address.

/// One of the APIs, told apart by the `Version` that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// Application load balancers: ELBv2.
    V2,
    /// Classic load balancers.
    Classic,
}

impl Api {
    /// The API of this `Version`.
    pub fn of_version(version: &str) -> Option<Self> {
        [Self::V2, Self::Classic].into_iter().find(|api| api.version() == version)
    }

    /// What `Version` says.
    pub fn version(self) -> &'static str {
        match self {
            Self::V2 => "2015-12-01",
            Self::Classic => "2012-06-01",
        }
    }

    /// The namespace of its documents.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V2 => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::Classic => "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/",
        }
    }
}
