//! The types of policies that act here: those of stickiness. `DescribeLoadBalancerPolicyTypes`.

use crate::{Code, Error, Input, Members, Plan};

/// A type of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The load balancer's own cookie.
    LbCookie,
    /// One of the application.
    AppCookie,
}

impl Kind {
    const ALL: [Self; 2] = [Self::AppCookie, Self::LbCookie];

    /// AWS's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LbCookie => "LBCookieStickinessPolicyType",
            Self::AppCookie => "AppCookieStickinessPolicyType",
        }
    }

    /// The one attribute of its policies.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::LbCookie => "CookieExpirationPeriod",
            Self::AppCookie => "CookieName",
        }
    }

    fn members(self) -> Members {
        let (kind, cardinality) = match self {
            Self::LbCookie => ("Long", "ZERO_OR_ONE"),
            Self::AppCookie => ("String", "ONE"),
        };
        let description = match self {
            Self::LbCookie => {
                "Stickiness policy with session lifetimes controlled by the browser (user-agent) or a specified \
                 expiration period. This policy can be associated only with HTTP/HTTPS listeners."
            }
            Self::AppCookie => {
                "Stickiness policy with session lifetimes controlled by the lifetime of the application-generated \
                 cookie. This policy can be associated only with HTTP/HTTPS listeners."
            }
        };
        let attribute = Members::default()
            .text("AttributeName", self.attribute())
            .text("AttributeType", kind)
            .text("Cardinality", cardinality);
        Members::default()
            .text("PolicyTypeName", self.name())
            .text("Description", description)
            .list("PolicyAttributeTypeDescriptions", [attribute])
    }
}

/// The type of that name. AWS has more of them, which would be there without acting.
pub(super) fn kind(name: &str) -> Result<Kind, Error> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let message =
            format!("Policy type '{name}' not found: only those of stickiness are supported");
        Error::new(Code::PolicyTypeNotFound, message)
    })
}

/// `DescribeLoadBalancerPolicyTypes`.
pub(super) fn describe(input: &mut Input) -> Result<Plan, Error> {
    let names = input.list_of_text("PolicyTypeNames")?.unwrap_or_default();
    let named = names.iter().map(|name| kind(name)).collect::<Result<Vec<_>, _>>()?;
    let kinds = Kind::ALL.into_iter().filter(|kind| named.is_empty() || named.contains(kind));
    Ok(Plan::read(Members::default().list("PolicyTypeDescriptions", kinds.map(Kind::members))))
}
