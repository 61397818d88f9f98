//! Refusals in AWS's words: a code, a sentence, and the status that goes with them.

use std::fmt;

use crate::Api;

/// Why a request is refused, as its sender reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Error {
    /// What programs look at.
    pub code: Code,
    /// What people read.
    pub message: String,
}

impl Error {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A value that breaks a rule for which AWS has no code of its own.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(Code::ValidationError, message)
    }
}

/// Names each code once: its variant is its text on the wire.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident,)*) => {
        /// An error code, with the text that AWS gives it.
        ///
        /// A code says the same in both APIs, but for its [status](Self::status).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "most codes are their own explanation, in AWS's words")]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The text on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }
        }
    };
}

codes! {
    // Of any AWS service.
    AccessDenied,
    AccessDeniedException,
    ExpiredTokenException,
    IncompleteSignature,
    InternalFailure,
    InvalidAction,
    InvalidClientTokenId,
    InvalidParameterCombination,
    InvalidParameterValue,
    /// A parameter that the action does not have, that comes twice, or one too many.
    InvalidQueryParameter,
    /// A form that cannot be decoded.
    MalformedQueryString,
    MissingAction,
    MissingAuthenticationToken,
    MissingParameter,
    OptInRequired,
    RequestExpired,
    ServiceUnavailable,
    SignatureDoesNotMatch,
    ThrottlingException,
    /// A value that breaks a constraint.
    ValidationError,
    // Of ELBv2.
    ALPNPolicyNotFound,
    AllocationIdNotFound,
    AssociationNotFound,
    AvailabilityZoneNotSupported,
    CaCertificatesBundleNotFound,
    CapacityDecreaseRequestLimitExceeded,
    CapacityReservationPending,
    CapacityUnitsLimitExceeded,
    CertificateNotFound,
    DeleteAssociationSameAccount,
    DuplicateListener,
    DuplicateLoadBalancerName,
    DuplicateTagKeys,
    DuplicateTargetGroupName,
    DuplicateTrustStoreName,
    HealthUnavailable,
    IncompatibleProtocols,
    InsufficientCapacity,
    InvalidCaCertificatesBundle,
    InvalidConfigurationRequest,
    InvalidLoadBalancerAction,
    InvalidRevocationContent,
    InvalidScheme,
    InvalidSecurityGroup,
    InvalidSubnet,
    InvalidTarget,
    ListenerNotFound,
    LoadBalancerNotFound,
    OperationNotPermitted,
    PriorRequestNotComplete,
    PriorityInUse,
    ResourceInUse,
    ResourceNotFound,
    RevocationContentNotFound,
    RevocationIdNotFound,
    RuleNotFound,
    SSLPolicyNotFound,
    SubnetNotFound,
    TargetGroupAssociationLimit,
    TargetGroupNotFound,
    TooManyActions,
    TooManyCertificates,
    TooManyListeners,
    TooManyLoadBalancers,
    TooManyRegistrationsForTargetId,
    TooManyRules,
    TooManyTags,
    TooManyTargetGroups,
    TooManyTargets,
    TooManyTrustStoreRevocationEntries,
    TooManyTrustStores,
    TooManyUniqueTargetGroupsPerLoadBalancer,
    TrustStoreInUse,
    TrustStoreNotFound,
    TrustStoreNotReady,
    UnsupportedProtocol,
    // Of the Classic API alone.
    DependencyThrottle,
    DuplicatePolicyName,
    InvalidInstance,
    LoadBalancerAttributeNotFound,
    PolicyNotFound,
    PolicyTypeNotFound,
    TooManyPolicies,
}

impl Code {
    /// The HTTP status of an answer with this code.
    ///
    /// A form that cannot be decoded is 404, which is what AWS has written down.
    pub fn status(self, api: Api) -> u16 {
        match self {
            Self::AccessDenied
            | Self::AccessDeniedException
            | Self::ExpiredTokenException
            | Self::InvalidClientTokenId
            | Self::MissingAuthenticationToken
            | Self::OptInRequired
            | Self::SignatureDoesNotMatch => 403,
            Self::MalformedQueryString => 404,
            Self::InvalidConfigurationRequest if api == Api::Classic => 409,
            Self::PriorRequestNotComplete => 429,
            Self::HealthUnavailable | Self::InsufficientCapacity | Self::InternalFailure => 500,
            Self::ServiceUnavailable => 503,
            _ => 400,
        }
    }

    /// Whose fault it is: `Sender`, or `Receiver` where the status is 500 and above.
    pub fn fault(self, api: Api) -> &'static str {
        if self.status(api) >= 500 { "Receiver" } else { "Sender" }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_that_boto3_has_in_its_model() {
        for (code, v2, classic) in [
            (Code::LoadBalancerNotFound, 400, 400),
            (Code::InvalidConfigurationRequest, 400, 409),
            (Code::HealthUnavailable, 500, 500),
            (Code::PriorRequestNotComplete, 429, 429),
            (Code::SignatureDoesNotMatch, 403, 403),
            (Code::MalformedQueryString, 404, 404),
            (Code::ServiceUnavailable, 503, 503),
            (Code::ThrottlingException, 400, 400),
        ] {
            assert_eq!((code.status(Api::V2), code.status(Api::Classic)), (v2, classic), "{code}");
        }
    }

    #[test]
    fn only_failures_of_ours_are_the_receivers_fault() {
        for (code, fault) in [
            (Code::TargetGroupNotFound, "Sender"),
            (Code::PriorRequestNotComplete, "Sender"),
            (Code::InternalFailure, "Receiver"),
        ] {
            assert_eq!(code.fault(Api::V2), fault, "{code}");
        }
    }

    #[test]
    fn no_code_is_named_twice() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
