//! Mutual authentication, and trust stores by their ARNs: those of `[aws.trust_stores]`, and those that listeners have by
//! the paths of their files.

use clingfish_model::{MutualAuthentication, ResourceId, Setting, tls::TrustStoreFiles};

use crate::{Code, Error, Input, Members, World};

/// What a listener's table of it is called.
pub(crate) const KEY: &str = "mutual_authentication";

/// ELBv2's `MutualAuthentication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mutual {
    Off,
    Passthrough,
    Verify {
        /// Of the trust store.
        arn: String,
        ignore_expiry: bool,
        advertise_names: bool,
    },
}

#[derive(Clone, Copy)]
enum Mode {
    Off,
    Passthrough,
    Verify,
}

/// Reads `MutualAuthentication`, which is replaced as a whole.
pub(crate) fn read(input: &mut Input, world: &World<'_>) -> Result<Option<Mutual>, Error> {
    input.structure("MutualAuthentication", |input| read_one(input, world))
}

fn read_one(input: &mut Input, world: &World<'_>) -> Result<Mutual, Error> {
    let modes = [("off", Mode::Off), ("passthrough", Mode::Passthrough), ("verify", Mode::Verify)];
    let mode = input.choice("Mode", &modes)?;
    let arn = input.text("TrustStoreArn")?;
    let ignore_expiry = input.boolean("IgnoreClientCertificateExpiry")?.unwrap_or(false);
    let names = input.choice("AdvertiseTrustStoreCaNames", &[("on", true), ("off", false)])?;
    // Of answers; whoever sends one back means nothing by it.
    input.choice("TrustStoreAssociationStatus", &[("active", ()), ("removed", ())])?;
    let mode = input.required("Mode", mode)?;
    match (mode, arn) {
        (Mode::Verify, Some(arn)) => {
            setting(&arn, world)?;
            Ok(Mutual::Verify { arn, ignore_expiry, advertise_names: names.unwrap_or(false) })
        }
        (Mode::Verify, None) => Err(Error::validation(
            "You must specify a trust store ARN when the mutual authentication mode is 'verify'",
        )),
        (_, Some(_)) => Err(not_without_verify("TrustStoreArn")),
        _ if ignore_expiry => Err(not_without_verify("IgnoreClientCertificateExpiry")),
        _ if names == Some(true) => Err(not_without_verify("AdvertiseTrustStoreCaNames")),
        (Mode::Off, None) => Ok(Mutual::Off),
        (Mode::Passthrough, None) => Ok(Mutual::Passthrough),
    }
}

fn not_without_verify(name: &str) -> Error {
    Error::validation(format!(
        "'{name}' can only be specified when the mutual authentication mode is 'verify'"
    ))
}

impl Mutual {
    /// What a listener has.
    pub(crate) fn of(mutual: &MutualAuthentication, world: &World<'_>) -> Self {
        match mutual {
            MutualAuthentication::Off => Self::Off,
            MutualAuthentication::Passthrough => Self::Passthrough,
            MutualAuthentication::Verify(files) => Self::Verify {
                arn: arn(files, world),
                ignore_expiry: files.ignore_expiry,
                advertise_names: files.advertise_names,
            },
        }
    }

    /// As answers show it.
    pub(crate) fn members(&self) -> Members {
        let mode = Members::default().text("Mode", self.mode());
        match self {
            Self::Off | Self::Passthrough => mode,
            Self::Verify { arn, ignore_expiry, advertise_names } => mode
                .text("TrustStoreArn", arn)
                .value("IgnoreClientCertificateExpiry", ignore_expiry)
                .text("TrustStoreAssociationStatus", "active")
                .text("AdvertiseTrustStoreCaNames", if *advertise_names { "on" } else { "off" }),
        }
    }

    /// As the file writes it.
    pub(crate) fn setting(&self, world: &World<'_>) -> Result<Setting, Error> {
        let mut entries = vec![("mode", Setting::text(self.mode()))];
        if let Self::Verify { arn, ignore_expiry, advertise_names } = self {
            entries.extend(setting(arn, world)?);
            if *ignore_expiry {
                entries.push(("ignore_client_certificate_expiry", Setting::Bool(true)));
            }
            if *advertise_names {
                entries.push(("advertise_trust_store_ca_names", Setting::Bool(true)));
            }
        }
        Ok(Setting::table(entries))
    }

    fn mode(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Passthrough => "passthrough",
            Self::Verify { .. } => "verify",
        }
    }
}

/// The ARN of a trust store. One that has only files gets an ARN made of their path.
fn arn(files: &TrustStoreFiles, world: &World<'_>) -> String {
    if let Some(arn) = &files.arn {
        return arn.clone();
    }
    let id = ResourceId::derive("truststore", &files.authorities.to_string_lossy());
    format!("{}:truststore/file/{id}", crate::arn::start(&world.owner()))
}

/// The trust store of that ARN, as entries of a listener's `mutual_authentication`.
fn setting(arn: &str, world: &World<'_>) -> Result<Vec<(&'static str, Setting)>, Error> {
    if world.desired.aws.trust_stores.contains_key(arn) {
        return Ok(vec![("trust_store_arn", Setting::text(arn))]);
    }
    let of_listeners = world.desired.listeners.iter().filter_map(|one| one.tls.as_ref());
    let mut files = of_listeners.filter_map(|tls| match &tls.mutual {
        MutualAuthentication::Verify(files) => Some(files),
        MutualAuthentication::Off | MutualAuthentication::Passthrough => None,
    });
    let Some(files) = files.find(|files| self::arn(files, world) == arn) else {
        let message = format!("Trust store '{arn}' not found");
        return Err(Error::new(Code::TrustStoreNotFound, message));
    };
    let path = |path: &std::path::Path| Setting::text(path.to_string_lossy());
    let revocations = files.revocations.as_deref().map(|one| ("revocations", path(one)));
    Ok([("trust_store", path(&files.authorities))].into_iter().chain(revocations).collect())
}
