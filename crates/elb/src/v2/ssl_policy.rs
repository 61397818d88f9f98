//! `DescribeSSLPolicies`: AWS's security policies, as they come out here.
//!
//! A policy decides the oldest version of TLS. Suites are rustls's, whatever the policy: all of them have forward secrecy and are
//! authenticated, so that there is none to take away. What is shown is what a listener with that policy speaks, not what AWS's would.
//! Policies that promise FIPS or RFC 9151 are not there: nothing here is validated for either.

use clingfish_model::TlsVersion;

use crate::{Code, Error, Input, Members, Plan, page::Page};

/// The policy of listeners that are made without one, as at AWS.
pub(crate) const DEFAULT: &str = "ELBSecurityPolicy-2016-08";

/// A security policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SslPolicy {
    /// AWS's name for it.
    pub(crate) name: &'static str,
    /// The oldest version that it has of those that are spoken here.
    pub(crate) min_version: TlsVersion,
}

/// In the order of their names.
const POLICIES: [SslPolicy; 23] = [
    from_1_2(DEFAULT),
    from_1_2("ELBSecurityPolicy-FS-1-1-2019-08"),
    from_1_2("ELBSecurityPolicy-FS-1-2-2019-08"),
    from_1_2("ELBSecurityPolicy-FS-1-2-Res-2019-08"),
    from_1_2("ELBSecurityPolicy-FS-1-2-Res-2020-10"),
    from_1_2("ELBSecurityPolicy-FS-2018-06"),
    from_1_2("ELBSecurityPolicy-TLS-1-0-2015-04"),
    from_1_2("ELBSecurityPolicy-TLS-1-1-2017-01"),
    from_1_2("ELBSecurityPolicy-TLS-1-2-2017-01"),
    from_1_2("ELBSecurityPolicy-TLS-1-2-Ext-2018-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-0-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-0-PQ-2025-09"),
    from_1_2("ELBSecurityPolicy-TLS13-1-1-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-PQ-2025-09"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
    from_1_2("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
    from_1_3("ELBSecurityPolicy-TLS13-1-3-2021-06"),
    from_1_3("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"),
];

const fn from_1_2(name: &'static str) -> SslPolicy {
    SslPolicy { name, min_version: TlsVersion::V1_2 }
}

const fn from_1_3(name: &'static str) -> SslPolicy {
    SslPolicy { name, min_version: TlsVersion::V1_3 }
}

/// Suites in OpenSSL's notation, in the order in which rustls prefers them.
const CIPHERS_1_3: [&str; 3] =
    ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];
const CIPHERS_1_2: [&str; 6] = [
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// The policy of that name.
pub(crate) fn policy(name: &str) -> Option<SslPolicy> {
    POLICIES.into_iter().find(|policy| policy.name == name)
}

/// The refusal of a name that no policy has.
pub(crate) fn not_found(name: &str) -> Error {
    Error::new(Code::SSLPolicyNotFound, format!("SSL policy '{name}' not found"))
}

/// `DescribeSSLPolicies`.
pub(super) fn describe(input: &mut Input) -> Result<Plan, Error> {
    let names = input.list_of_text("Names")?;
    let types = [("application", true), ("network", false), ("gateway", false)];
    let is_wanted = input.choice("LoadBalancerType", &types)?.unwrap_or(true);
    let page = Page::read(input)?;
    let policies = match names {
        Some(names) if !names.is_empty() => {
            let found = names.iter().map(|name| policy(name).ok_or_else(|| not_found(name)));
            found.collect::<Result<_, _>>()?
        }
        _ if is_wanted => POLICIES.to_vec(),
        _ => Vec::new(),
    };
    let (policies, next) = page.cut(policies, |policy| policy.name.to_owned());
    let policies = policies.into_iter().map(SslPolicy::members);
    Ok(Plan::read(Members::default().list("SslPolicies", policies).some_text("NextMarker", next)))
}

impl SslPolicy {
    fn members(self) -> Members {
        let speaks_1_2 = self.min_version <= TlsVersion::V1_2;
        let mut ciphers = CIPHERS_1_3.to_vec();
        let mut protocols = vec!["TLSv1.3"];
        if speaks_1_2 {
            ciphers.extend(CIPHERS_1_2);
            protocols.insert(0, "TLSv1.2");
        }
        let cipher =
            |(priority, name)| Members::default().text("Name", name).value("Priority", priority);
        Members::default()
            .texts("SslProtocols", protocols)
            .list("Ciphers", (1..).zip(ciphers).map(cipher).collect::<Vec<Members>>())
            .text("Name", self.name)
            .texts("SupportedLoadBalancerTypes", ["application"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_in_the_order_of_their_names_and_each_is_there_once() {
        assert!(POLICIES.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_policy_says_which_version_is_the_oldest() {
        for (name, version) in [
            ("ELBSecurityPolicy-2016-08", Some(TlsVersion::V1_2)),
            ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", Some(TlsVersion::V1_2)),
            ("ELBSecurityPolicy-TLS13-1-3-2021-06", Some(TlsVersion::V1_3)),
            ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", None),
            ("elbsecuritypolicy-2016-08", None),
        ] {
            assert_eq!(policy(name).map(|policy| policy.min_version), version, "{name}");
        }
    }
}
