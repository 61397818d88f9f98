//! The attributes of an application load balancer: their values, and where those are.

use std::{ops::RangeInclusive, time::Duration};

use clingfish_model::{
    LoadBalancer, Setting,
    elb::{Aws, BalancerScheme},
};

use super::logs::{self, AccessLog, Part};
use crate::{Code, Error};

/// Keeps a load balancer from being deleted.
pub(super) const PROTECTION: &str = "deletion_protection.enabled";

/// Keys that load balancers of other types have.
pub(super) const OF_OTHER_TYPES: [&str; 2] =
    ["dns_record.client_routing_policy", "secondary_ips.auto_assigned.per_subnet"];

/// An attribute.
pub(super) struct Attribute {
    /// ELBv2's name.
    pub(super) key: &'static str,
    /// What it may be.
    values: Values,
    /// Where its value is.
    pub(super) home: Home,
}

/// What an attribute may be.
enum Values {
    /// One of these.
    Words(&'static [&'static str]),
    /// It cannot be otherwise.
    AlwaysTrue,
    /// A whole number.
    Number(RangeInclusive<u64>),
    /// The name of a bucket, or nothing.
    Bucket,
    /// The beginning of the names of objects in a bucket, or nothing.
    Prefix,
}

/// Where the value of an attribute is.
pub(super) enum Home {
    /// In a key of the file that has an effect.
    Acts {
        /// The key.
        key: &'static str,
        /// Its value in ELBv2's words.
        read: fn(&LoadBalancer) -> String,
        /// A value, which is one that the attribute may have, in the file's words.
        write: fn(&str) -> Setting,
    },
    /// In the access log.
    Log(Part),
    /// Among what is only kept, unless it has this value.
    Kept(fn(&LoadBalancer) -> &'static str),
}

const SWITCH: Values = Values::Words(&["true", "false"]);

/// In the order of their keys.
pub(super) static ATTRIBUTES: [Attribute; 23] = [
    access_log("access_logs.s3.bucket", Values::Bucket, Part::Bucket),
    access_log("access_logs.s3.enabled", SWITCH, Part::Enabled),
    access_log("access_logs.s3.prefix", Values::Prefix, Part::Prefix),
    seconds("client_keep_alive.seconds", 60..=604_800, "client_keep_alive", |balancer| {
        whole_seconds(balancer.timeouts.client_keep_alive)
    }),
    kept("connection_logs.s3.bucket", Values::Bucket, |_| ""),
    kept("connection_logs.s3.enabled", SWITCH, |_| "false"),
    kept("connection_logs.s3.prefix", Values::Prefix, |_| ""),
    kept(PROTECTION, SWITCH, |_| "false"),
    kept("health_check_logs.s3.bucket", Values::Bucket, |_| ""),
    kept("health_check_logs.s3.enabled", SWITCH, |_| "false"),
    kept("health_check_logs.s3.prefix", Values::Prefix, |_| ""),
    seconds("idle_timeout.timeout_seconds", 1..=4000, "idle_timeout", |balancer| {
        whole_seconds(balancer.timeouts.idle)
    }),
    kept("ipv6.deny_all_igw_traffic", SWITCH, |balancer| match balancer.network.scheme {
        BalancerScheme::InternetFacing => "false",
        BalancerScheme::Internal => "true",
    }),
    kept("load_balancing.cross_zone.enabled", Values::AlwaysTrue, |_| "true"),
    words(
        "routing.http.desync_mitigation_mode",
        &["monitor", "defensive", "strictest"],
        "desync_mitigation_mode",
        |balancer| balancer.desync_mode.as_str().into(),
    ),
    switch(
        "routing.http.drop_invalid_header_fields.enabled",
        "drop_invalid_header_fields",
        |balancer| balancer.drop_invalid_header_fields.to_string(),
    ),
    switch("routing.http.preserve_host_header.enabled", "preserve_host_header", |balancer| {
        balancer.preserve_host_header.to_string()
    }),
    switch("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "tls_headers", |balancer| {
        balancer.tls_headers.to_string()
    }),
    switch("routing.http.xff_client_port.enabled", "xff_client_port", |balancer| {
        balancer.xff_client_port.to_string()
    }),
    words(
        "routing.http.xff_header_processing.mode",
        &["append", "preserve", "remove"],
        "xff_mode",
        |balancer| balancer.xff_mode.as_str().into(),
    ),
    switch("routing.http2.enabled", "http2", |balancer| balancer.http2.to_string()),
    kept("waf.fail_open.enabled", SWITCH, |_| "false"),
    kept("zonal_shift.config.enabled", SWITCH, |_| "false"),
];

impl Attribute {
    /// What it is now.
    pub(super) fn value_of(&self, balancer: &LoadBalancer, aws: &Aws) -> String {
        match &self.home {
            Home::Acts { read, .. } => read(balancer),
            Home::Log(part) => AccessLog::of(balancer, aws).get(*part),
            Home::Kept(default) => match balancer.record.attributes.get(self.key) {
                Some(value) => value.clone(),
                None => default(balancer).into(),
            },
        }
    }

    /// Refuses what it may not be.
    pub(super) fn judge(&self, value: &str) -> Result<(), Error> {
        let key = self.key;
        let message = match &self.values {
            Values::Words(words) if words.contains(&value) => return Ok(()),
            Values::Words(words) => format!("'{key}' must be one of [{}]", words.join(", ")),
            Values::AlwaysTrue if value == "true" => return Ok(()),
            Values::AlwaysTrue => {
                let message = format!(
                    "'{key}' cannot be '{value}' on load balancers with type 'application'"
                );
                return Err(Error::new(Code::InvalidConfigurationRequest, message));
            }
            Values::Number(range) => match value.parse() {
                Ok(number) if range.contains(&number) && is_plain(value) => return Ok(()),
                _ => {
                    let (least, most) = (range.start(), range.end());
                    format!("'{key}' value '{value}' must be between '{least}-{most}' inclusive")
                }
            },
            Values::Bucket if value.is_empty() || logs::is_bucket(value) => return Ok(()),
            Values::Bucket => format!("'{key}' value '{value}' is not a valid bucket name"),
            Values::Prefix if value.is_empty() || logs::is_prefix(value) => return Ok(()),
            Values::Prefix => format!("'{key}' value '{value}' is not a valid prefix"),
        };
        Err(Error::validation(message))
    }
}

/// Digits alone: what is written is what is read back.
fn is_plain(number: &str) -> bool {
    number.bytes().all(|c| c.is_ascii_digit()) && !(number.len() > 1 && number.starts_with('0'))
}

/// The file knows parts of a second, ELBv2 does not.
fn whole_seconds(duration: Duration) -> String {
    duration.as_secs().max(1).to_string()
}

const fn kept(
    key: &'static str,
    values: Values,
    default: fn(&LoadBalancer) -> &'static str,
) -> Attribute {
    Attribute { key, values, home: Home::Kept(default) }
}

const fn access_log(key: &'static str, values: Values, part: Part) -> Attribute {
    Attribute { key, values, home: Home::Log(part) }
}

const fn switch(
    key: &'static str,
    setting: &'static str,
    read: fn(&LoadBalancer) -> String,
) -> Attribute {
    let write = |value: &str| Setting::Bool(value == "true");
    Attribute { key, values: SWITCH, home: Home::Acts { key: setting, read, write } }
}

const fn words(
    key: &'static str,
    words: &'static [&'static str],
    setting: &'static str,
    read: fn(&LoadBalancer) -> String,
) -> Attribute {
    let write = |value: &str| Setting::text(value);
    Attribute { key, values: Values::Words(words), home: Home::Acts { key: setting, read, write } }
}

const fn seconds(
    key: &'static str,
    range: RangeInclusive<u64>,
    setting: &'static str,
    read: fn(&LoadBalancer) -> String,
) -> Attribute {
    let write = |value: &str| Setting::Text(format!("{value}s"));
    Attribute { key, values: Values::Number(range), home: Home::Acts { key: setting, read, write } }
}
