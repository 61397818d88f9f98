//! Attributes of logs in buckets. A bucket is a folder in the one that `[aws] buckets` names.

use std::{collections::BTreeMap, path::Path};

use clingfish_model::{Edit, LoadBalancer, Place, Setting, elb::Aws, listener::BalancerLog};

use crate::{Code, Error};

/// Logs that are not written, and whose attributes are only kept.
const KEPT: [&str; 2] = ["connection_logs", "health_check_logs"];

/// Where bucket and prefix are kept while the access log is off.
const BUCKET: &str = "access_logs.s3.bucket";
const PREFIX: &str = "access_logs.s3.prefix";

/// The access log in ELBv2's words.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessLog {
    pub(crate) is_on: bool,
    /// The name of a bucket; empty where there is none.
    pub(crate) bucket: String,
    /// Behind it; may be empty.
    pub(crate) prefix: String,
}

/// An attribute of the access log.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Enabled,
    Bucket,
    Prefix,
}

impl AccessLog {
    /// As it is now.
    pub(crate) fn of(balancer: &LoadBalancer, aws: &Aws) -> Self {
        let kept = |key| balancer.record.attributes.get(key).cloned().unwrap_or_default();
        match &balancer.access_log {
            Some(log) => Self {
                is_on: true,
                bucket: bucket_of(log.folder(), aws),
                prefix: log.prefix().to_owned(),
            },
            None => Self { is_on: false, bucket: kept(BUCKET), prefix: kept(PREFIX) },
        }
    }

    /// One of its attributes.
    pub(super) fn get(&self, part: Part) -> String {
        match part {
            Part::Enabled => self.is_on.to_string(),
            Part::Bucket => self.bucket.clone(),
            Part::Prefix => self.prefix.clone(),
        }
    }

    /// With another value, which that attribute may have.
    pub(super) fn set(&mut self, part: Part, value: &str) {
        match part {
            Part::Enabled => self.is_on = value == "true",
            Part::Bucket => self.bucket = value.to_owned(),
            Part::Prefix => self.prefix = value.to_owned(),
        }
    }

    /// What brings the file there from what is `before`. What is off is among what is only kept.
    pub(crate) fn edit(
        self,
        before: &Self,
        kept: &mut BTreeMap<String, String>,
        place: Place,
        aws: &Aws,
    ) -> Result<Option<Edit>, Error> {
        if self == *before {
            return Ok(None);
        }
        kept.retain(|key, _| key != BUCKET && key != PREFIX);
        if !self.is_on {
            let values = [(BUCKET, self.bucket), (PREFIX, self.prefix)];
            let values = values.into_iter().filter(|(_, value)| !value.is_empty());
            kept.extend(values.map(|(key, value)| (key.to_owned(), value)));
            return Ok(before.is_on.then_some(Edit::Unset(place, "access_log")));
        }
        let mut settings = vec![("folder", Setting::Text(self.folder(aws)?))];
        if !self.prefix.is_empty() {
            settings.push(("prefix", Setting::Text(self.prefix)));
        }
        Ok(Some(Edit::Set(place, "access_log", Setting::table(settings))))
    }

    fn folder(&self, aws: &Aws) -> Result<String, Error> {
        let bucket = &self.bucket;
        if bucket.is_empty() {
            return Err(no_bucket("access_logs"));
        }
        if Path::new(bucket).is_absolute() {
            // No request can say so: it is what a person wrote, and stays.
            return Ok(bucket.clone());
        }
        let Some(buckets) = &aws.buckets else {
            let message =
                format!("Access Denied for bucket: {bucket}. Please check S3bucket permission");
            return Err(Error::new(Code::InvalidConfigurationRequest, message));
        };
        Ok(buckets.join(bucket).to_string_lossy().into_owned())
    }
}

/// Whether that names a bucket of S3. None of those is a path that leads out of its folder.
pub(crate) fn is_bucket(name: &str) -> bool {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.');
    let at_end = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(legal)
        && at_end(name.bytes().next())
        && at_end(name.bytes().last())
        && !name.contains("..")
}

/// Whether that may begin the names of a log's objects.
pub(crate) fn is_prefix(prefix: &str) -> bool {
    BalancerLog::new("/", prefix).is_ok()
}

/// Refuses logs without a bucket among those that are only kept.
pub(super) fn judge(kept: &BTreeMap<String, String>) -> Result<(), Error> {
    for kind in KEPT {
        let value = |name| kept.get(&format!("{kind}.s3.{name}")).map_or("", String::as_str);
        if value("enabled") == "true" && value("bucket").is_empty() {
            return Err(no_bucket(kind));
        }
    }
    Ok(())
}

fn no_bucket(kind: &str) -> Error {
    let message = format!("'{kind}.s3.bucket' must be specified to enable '{kind}.s3.enabled'");
    Error::new(Code::InvalidConfigurationRequest, message)
}

/// The bucket that a folder stands for; one that is elsewhere is shown as it is.
fn bucket_of(folder: &Path, aws: &Aws) -> String {
    let inner = aws.buckets.as_ref().and_then(|buckets| folder.strip_prefix(buckets).ok());
    let name = inner.and_then(Path::to_str).filter(|name| is_bucket(name));
    name.map_or_else(|| folder.to_string_lossy().into_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_or_prefix_leads_out_of_its_folder() {
        for (name, is_good) in [
            ("logs", true),
            ("my-logs.eu-1", true),
            ("abc", true),
            ("ab", false),
            ("..", false),
            ("...", false),
            ("a..b", false),
            (".ab", false),
            ("ab-", false),
            ("a/b", false),
            ("/etc", false),
            ("Logs", false),
            ("a\\b", false),
            ("a\0b", false),
        ] {
            assert_eq!(is_bucket(name), is_good, "bucket {name:?}");
        }
        for (prefix, is_good) in [
            ("web", true),
            ("web/2026", true),
            ("..", false),
            ("a/../b", false),
            ("/web", false),
            ("web/AWSLogs", false),
        ] {
            assert_eq!(is_prefix(prefix), is_good, "prefix {prefix:?}");
        }
    }
}
