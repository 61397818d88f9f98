//! `[aws]`: what AWS has around load balancers.

use std::{collections::BTreeMap, net::IpAddr, path::Path};

use clingfish_model::{
    CertificateFiles, Name, Owner,
    elb::{Aws, Subnet, TrustStore},
};

use crate::{
    address, keys, nearest::nearest, record::refuse_many, report::Report, section::Section, tls,
    value::Value,
};

/// Reads the table; what is not there has its default.
pub(crate) fn read(root: &Section<'_>, report: &mut Report<'_>) -> Aws {
    let default = Aws::default();
    let Some(value) = root.value("aws") else { return default };
    let Some(section) = Section::read(value, "[aws]".into(), &keys::AWS, report) else {
        return default;
    };
    let account = section.value("account").and_then(|value| read_account(value, report));
    let region = section.value("region").and_then(|value| read_region(value, report));
    let owner = Owner::new(
        account.unwrap_or_else(|| default.owner.account().to_owned()),
        region.unwrap_or_else(|| default.owner.region().to_owned()),
    );
    let bind = section.value("bind").and_then(|value| read_ip(value, report));
    Aws {
        owner: owner.unwrap_or_default(),
        bind: bind.unwrap_or(default.bind),
        dns_name: section.value("dns_name").and_then(|value| read_host(value, report)),
        buckets: section.value("buckets").and_then(|value| {
            let path = tls::read_path(value, report)?;
            is_absolute(&path, value, report).then_some(path)
        }),
        subnets: map(&section, "subnets", read_subnet, report),
        security_groups: section.value("security_groups").map(|value| read_ids(value, report)),
        instances: map(&section, "instances", |_, value, report| read_ip(value, report), report),
        certificates: map(&section, "certificates", read_certificate, report).unwrap_or_default(),
        trust_stores: map(&section, "trust_stores", read_trust_store, report).unwrap_or_default(),
    }
}

/// A map of things by their ids.
fn map<T>(
    section: &Section<'_>,
    name: &str,
    read: impl Fn(&str, &Value<'_>, &mut Report<'_>) -> Option<T>,
    report: &mut Report<'_>,
) -> Option<BTreeMap<String, T>> {
    let value = section.value(name)?;
    let help = format!("write [aws.{name}], and each id with what it stands for below");
    let mut things = BTreeMap::new();
    for (id, inner) in value.entries(report, &help) {
        check_id(id, &inner, report);
        things.extend(read(id, &inner, report).map(|thing| (id.to_owned(), thing)));
    }
    refuse_many(value, things.len(), Aws::ENTRIES_MAX, report);
    Some(things)
}

/// Reads a list of ids.
pub(crate) fn read_ids(value: &Value<'_>, report: &mut Report<'_>) -> Vec<String> {
    let help = format!("write {} = [\"ID\"]", value.name);
    let elements = value.list(report, &help);
    refuse_many(value, elements.len(), Aws::ENTRIES_MAX, report);
    elements.iter().filter_map(|element| read_id(element, report)).collect()
}

/// Reads an id of AWS: opaque, but not just anything.
pub(crate) fn read_id(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    check_id(text, value, report).then(|| text.to_owned())
}

fn check_id(id: &str, value: &Value<'_>, report: &mut Report<'_>) -> bool {
    let is_good = (1..=Aws::ID_CHARS_MAX).contains(&id.len())
        && id.bytes().all(|c| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\'));
    if !is_good {
        let message = format!("{id:?} is not an id");
        let help = format!("use 1 to {} visible ASCII characters", Aws::ID_CHARS_MAX);
        value.refuse(report, message, help);
    }
    is_good
}

fn read_account(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    if text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let message = format!("{} = {} is not an account", value.name, value.written(report));
    value.refuse(report, message, "write twelve digits in quotes");
    None
}

fn read_region(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if (1..=Name::LEN_MAX).contains(&text.len()) && text.bytes().all(legal) {
        return Some(text.to_owned());
    }
    let message = format!("{} = {} is not a region", value.name, value.written(report));
    value.refuse(report, message, "write a word such as \"eu-central-1\"");
    None
}

fn read_ip(value: &Value<'_>, report: &mut Report<'_>) -> Option<IpAddr> {
    let ip = value.text(report)?.parse();
    if ip.is_err() {
        let message = format!("{} = {} is not an IP address", value.name, value.written(report));
        value.refuse(report, message, "write one without port, such as \"10.0.0.5\"");
    }
    ip.ok()
}

/// Reads a host name to answer with.
pub(crate) fn read_host(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    if address::is_host(text) || text.parse::<IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("{} = {} is not a host name", value.name, value.written(report));
    value.refuse(report, message, "write a name without port, such as \"lb.example\"");
    None
}

fn is_absolute(path: &Path, value: &Value<'_>, report: &mut Report<'_>) -> bool {
    if !path.is_absolute() {
        let message = format!("{} = {} is not absolute", value.name, value.written(report));
        value.refuse(report, message, "write a path that starts with /");
    }
    path.is_absolute()
}

fn read_subnet(_: &str, value: &Value<'_>, report: &mut Report<'_>) -> Option<Subnet> {
    let help = "write { zone = \"a\" }";
    let section = Section::read(value, format!("[{}]", value.path), &keys::SUBNET, report)?;
    let zone = section.required("zone", report, help).and_then(|value| value.name(report));
    let vpc = section.value("vpc").and_then(|value| read_id(value, report));
    let bind = section.value("bind").and_then(|value| read_ip(value, report));
    Some(Subnet { zone: zone?, vpc: vpc.unwrap_or_else(|| Aws::VPC.into()), bind })
}

fn read_certificate(
    arn: &str,
    value: &Value<'_>,
    report: &mut Report<'_>,
) -> Option<CertificateFiles> {
    let section =
        Section::read(value, format!("[{}]", value.path), &keys::STORED_CERTIFICATE, report)?;
    let help = "write { certificate = \"fullchain.pem\", key = \"privkey.pem\" }";
    section.required("certificate", report, help)?;
    let files = tls::read_pair(&section, ["certificate", "key", "ocsp"], report)?;
    Some(CertificateFiles { arn: Some(arn.to_owned()), ..files })
}

fn read_trust_store(_: &str, value: &Value<'_>, report: &mut Report<'_>) -> Option<TrustStore> {
    let section = Section::read(value, format!("[{}]", value.path), &keys::TRUST_STORE, report)?;
    let authorities = section.required("authorities", report, "write { authorities = \"ca.pem\" }");
    let authorities = authorities.and_then(|value| tls::read_path(value, report));
    let revocations = section.value("revocations").and_then(|value| tls::read_path(value, report));
    Some(TrustStore { authorities: authorities?, revocations })
}

/// What an ARN stands for; notes an error where that is nothing.
pub(crate) fn resolve<'a, T>(
    value: &Value<'_>,
    table: &str,
    known: &'a BTreeMap<String, T>,
    report: &mut Report<'_>,
) -> Option<(&'a String, &'a T)> {
    let arn = value.text(report)?;
    let found = known.get_key_value(arn);
    if found.is_none() {
        let message = format!("{} = {arn:?}: [{table}] has none of that ARN", value.name);
        let help = match nearest(arn, known.keys().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("add [{table}.{arn:?}]"),
        };
        report.absent(value.span.start, &value.path, message, help);
    }
    found
}

/// Warns of an id that is not among those that the file lists, where it lists them. What it names does not act.
pub(crate) fn warn_of_unknown(
    value: &Value<'_>,
    ids: &[String],
    kind: &str,
    known: &[&str],
    report: &mut Report<'_>,
) {
    let unknown = ids.iter().find(|id| !known.contains(&id.as_str()));
    let Some(unknown) = unknown else { return };
    let help = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "add it there, or remove it here".into(),
    };
    let message = format!("{}: [aws] knows no {kind} {unknown:?}", value.name);
    report.warning(value.span.start, &value.path, message, help);
}
