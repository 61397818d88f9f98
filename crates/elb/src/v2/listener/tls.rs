//! What requests say of a listener's protocol and of its TLS.

use clingfish_model::{Edit, ListenerTls, Place, Setting, TlsVersion, rule::Scheme};

use crate::{
    Code, Error, Input, World,
    v2::{
        certificate,
        ssl_policy::{self, SslPolicy},
        trust_store::{self, Mutual},
    },
};

const ONE_CERTIFICATE: &str =
    "You must provide a list containing exactly one certificate if the listener protocol is HTTPS.";

/// Protocols that AWS has; a load balancer of type `application` speaks two of them.
const PROTOCOLS: [(&str, Option<Scheme>); 9] = [
    ("HTTP", Some(Scheme::Http)),
    ("HTTPS", Some(Scheme::Https)),
    ("TCP", None),
    ("TLS", None),
    ("UDP", None),
    ("TCP_UDP", None),
    ("GENEVE", None),
    ("QUIC", None),
    ("TCP_QUIC", None),
];

/// Keys of a listener that say nothing without TLS.
const KEYS: [&str; 4] = ["certificates", "ssl_policy", "tls_min_version", trust_store::KEY];

/// Reads `Protocol`.
pub(super) fn read_protocol(input: &mut Input) -> Result<Option<Scheme>, Error> {
    let words = PROTOCOLS.map(|(word, scheme)| (word, (word, scheme)));
    match input.choice("Protocol", &words)? {
        None => Ok(None),
        Some((_, Some(scheme))) => Ok(Some(scheme)),
        Some((word, None)) => {
            let message = format!("Listener protocol '{word}' must be one of 'HTTP, HTTPS'");
            Err(Error::new(Code::UnsupportedProtocol, message))
        }
    }
}

/// `Certificates`, `SslPolicy` and `MutualAuthentication`, each where the request has it.
pub(super) struct Request {
    /// ARNs.
    certificates: Option<Vec<String>>,
    policy: Option<SslPolicy>,
    mutual: Option<Mutual>,
}

impl Request {
    /// Reads them, and refuses `AlpnPolicy`.
    pub(super) fn read(input: &mut Input, world: &World<'_>) -> Result<Self, Error> {
        let certificates = read_certificates(input)?;
        let policy = input.text("SslPolicy")?.filter(|name| !name.is_empty());
        let find =
            |name: String| ssl_policy::policy(&name).ok_or_else(|| ssl_policy::not_found(&name));
        let policy = policy.map(find).transpose()?;
        let mutual = trust_store::read(input, world)?;
        let alpn = input.list_of_text("AlpnPolicy")?.unwrap_or_default();
        if !alpn.is_empty() {
            let message = "An ALPN policy can only be specified for TLS listeners";
            return Err(Error::new(Code::InvalidConfigurationRequest, message));
        }
        Ok(Self { certificates, policy, mutual })
    }

    /// Refuses what an HTTP listener does not have.
    pub(super) fn refuse_without_tls(&self) -> Result<(), Error> {
        let has_certificates = self.certificates.as_ref().is_some_and(|list| !list.is_empty());
        let what = match (has_certificates, self.policy, &self.mutual) {
            (true, ..) => "Certificates",
            (_, Some(_), _) => "An SSL policy",
            (_, _, Some(Mutual::Passthrough | Mutual::Verify { .. })) => "Mutual authentication",
            _ => return Ok(()),
        };
        let message = format!("{what} can only be specified for HTTPS listeners");
        Err(Error::new(Code::InvalidConfigurationRequest, message))
    }

    /// The ARN of the only certificate, if the request has any.
    fn certificate(&self) -> Result<Option<&str>, Error> {
        match self.certificates.as_deref() {
            None => Ok(None),
            Some([only]) => Ok(Some(only)),
            Some(_) => Err(Error::validation(ONE_CERTIFICATE)),
        }
    }

    /// Everything, where the listener has had none of it.
    pub(super) fn whole(&self, world: &World<'_>) -> Result<Whole, Error> {
        let certificate = self.certificate()?.ok_or_else(|| Error::validation(ONE_CERTIFICATE))?;
        let policy = self.policy.or_else(|| ssl_policy::policy(ssl_policy::DEFAULT));
        let policy = policy.ok_or_else(|| ssl_policy::not_found(ssl_policy::DEFAULT))?;
        // It must be there.
        certificate::setting(certificate, world)?;
        let mutual = self.mutual.clone().unwrap_or(Mutual::Off);
        Ok(Whole { certificate: certificate.to_owned(), policy, mutual })
    }

    /// What makes a listener's TLS what the request wants it to be.
    pub(super) fn changes(
        &self,
        place: &Place,
        tls: &ListenerTls,
        world: &World<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let mut edits = Vec::new();
        if let Some(wanted) = self.certificate()? {
            let arns: Vec<_> =
                tls.certificates.iter().map(|files| certificate::arn(files, world)).collect();
            if arns.first().is_none_or(|default| default != wanted) {
                // The default one goes, unless it comes back as a further one.
                let further = arns.iter().skip(1).map(String::as_str).filter(|arn| *arn != wanted);
                let all: Vec<_> = std::iter::once(wanted).chain(further).collect();
                edits.push(certificates_edit(place, &all, world)?);
            }
        }
        if let Some(policy) = self.policy.filter(|policy| policy.name != policy_name(tls)) {
            edits.extend(
                policy_settings(policy).map(|(key, value)| Edit::Set(place.clone(), key, value)),
            );
        }
        let mutual = self.mutual.as_ref();
        if let Some(mutual) = mutual.filter(|mutual| **mutual != Mutual::of(&tls.mutual, world)) {
            edits.push(Edit::Set(place.clone(), trust_store::KEY, mutual.setting(world)?));
        }
        Ok(edits)
    }
}

/// The TLS of a listener that is to get it.
pub(super) struct Whole {
    certificate: String,
    policy: SslPolicy,
    mutual: Mutual,
}

impl Whole {
    /// Its keys in the file, with `protocol`.
    pub(super) fn settings(
        &self,
        world: &World<'_>,
    ) -> Result<Vec<(&'static str, Setting)>, Error> {
        let certificate = certificate::setting(&self.certificate, world)?;
        let mut settings = vec![
            ("protocol", Setting::text("HTTPS")),
            ("certificates", Setting::List(vec![certificate])),
        ];
        settings.extend(policy_settings(self.policy));
        if self.mutual != Mutual::Off {
            settings.push((trust_store::KEY, self.mutual.setting(world)?));
        }
        Ok(settings)
    }

    /// Whether a listener has the same, whatever further certificates it may have.
    pub(super) fn is_that_of(&self, tls: &ListenerTls, world: &World<'_>) -> bool {
        let default = tls.certificates.first().map(|files| certificate::arn(files, world));
        default.as_ref() == Some(&self.certificate)
            && policy_name(tls) == self.policy.name
            && Mutual::of(&tls.mutual, world) == self.mutual
    }
}

/// What takes TLS away from a listener.
pub(super) fn taken_away(place: &Place) -> Vec<Edit> {
    let keys = KEYS.into_iter().map(|key| Edit::Unset(place.clone(), key));
    let mut edits = vec![Edit::Set(place.clone(), "protocol", Setting::text("HTTP"))];
    edits.extend(keys);
    edits
}

/// The list of a listener's certificates, by their ARNs.
pub(super) fn certificates_edit(
    place: &Place,
    arns: &[&str],
    world: &World<'_>,
) -> Result<Edit, Error> {
    let list = arns.iter().map(|arn| certificate::setting(arn, world)).collect::<Result<_, _>>()?;
    Ok(Edit::Set(place.clone(), "certificates", Setting::List(list)))
}

/// The name of a listener's policy; where a person chose a version alone, that of a policy with the same one.
pub(super) fn policy_name(tls: &ListenerTls) -> &str {
    match (&tls.policy, tls.min_version) {
        (Some(name), _) => name,
        (None, TlsVersion::V1_2) => ssl_policy::DEFAULT,
        (None, TlsVersion::V1_3) => "ELBSecurityPolicy-TLS13-1-3-2021-06",
    }
}

fn policy_settings(policy: SslPolicy) -> impl Iterator<Item = (&'static str, Setting)> {
    let version = match policy.min_version {
        TlsVersion::V1_2 => "1.2",
        TlsVersion::V1_3 => "1.3",
    };
    [("ssl_policy", Setting::text(policy.name)), ("tls_min_version", Setting::text(version))]
        .into_iter()
}

/// Reads `Certificates`: their ARNs, each once. `IsDefault` is for answers.
pub(super) fn read_certificates(input: &mut Input) -> Result<Option<Vec<String>>, Error> {
    let list = input.list("Certificates", |input| {
        let arn = input.text("CertificateArn")?;
        input.boolean("IsDefault")?;
        input.required("CertificateArn", arn)
    })?;
    Ok(list.map(|list| {
        let mut arns: Vec<String> = Vec::with_capacity(list.len());
        for arn in list {
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
        arns
    }))
}
