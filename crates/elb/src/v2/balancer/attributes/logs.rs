//! Attributes of logs in buckets. A bucket is a folder below the one that `[aws] buckets` names.

use std::collections::BTreeMap;

use clingfish_model::{Edit, LoadBalancer, Place, Setting, elb::Aws};

use crate::{Code, Error};

/// Whose logs there are. Of these, access logs are written.
const KINDS: [&str; 3] = ["access_logs", "connection_logs", "health_check_logs"];

/// Where a log goes, as the attributes say.
#[derive(PartialEq, Eq)]
struct Log<'a> {
    bucket: &'a str,
    prefix: &'a str,
}

/// Whether that names a bucket of S3. None of those is a path that leads out of its folder.
pub(super) fn is_bucket(name: &str) -> bool {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.');
    let at_end = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(legal)
        && at_end(name.bytes().next())
        && at_end(name.bytes().last())
        && !name.contains("..")
}

/// Whether that may begin the names of objects: folders in the bucket, and no way out of it.
pub(super) fn is_prefix(prefix: &str) -> bool {
    let legal = |c: u8| c.is_ascii_alphanumeric() || b"!-_.'()".contains(&c);
    let is_part =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(legal);
    // AWS keeps this word for itself.
    prefix.split('/').all(is_part) && !prefix.contains("AWSLogs")
}

/// Refuses logs without a bucket.
pub(super) fn judge(kept: &BTreeMap<String, String>) -> Result<(), Error> {
    for kind in KINDS {
        if log(kind, kept).is_some_and(|log| log.bucket.is_empty()) {
            let message =
                format!("'{kind}.s3.bucket' must be specified to enable '{kind}.s3.enabled'");
            return Err(Error::new(Code::InvalidConfigurationRequest, message));
        }
    }
    Ok(())
}

/// What the file is to say about the access log, if that changes.
pub(super) fn access_log(
    balancer: &LoadBalancer,
    kept: &BTreeMap<String, String>,
    aws: &Aws,
) -> Result<Option<Edit>, Error> {
    let place = Place::LoadBalancer(balancer.name.clone());
    let [kind, ..] = KINDS;
    let after = log(kind, kept);
    if log(kind, &balancer.record.attributes) == after {
        return Ok(None);
    }
    let Some(log) = after else { return Ok(Some(Edit::Unset(place, "access_log"))) };
    let Some(buckets) = &aws.buckets else {
        let message =
            format!("Access Denied for bucket: {}. Please check S3bucket permission", log.bucket);
        return Err(Error::new(Code::InvalidConfigurationRequest, message));
    };
    let folder = buckets.join(log.bucket).to_string_lossy().into_owned();
    let mut settings = vec![("folder", Setting::Text(folder))];
    if !log.prefix.is_empty() {
        settings.push(("prefix", Setting::text(log.prefix)));
    }
    Ok(Some(Edit::Set(place, "access_log", Setting::table(settings))))
}

/// The log of that kind, where it is enabled.
fn log<'a>(kind: &str, kept: &'a BTreeMap<String, String>) -> Option<Log<'a>> {
    let value = |name| kept.get(&format!("{kind}.s3.{name}")).map_or("", String::as_str);
    let is_enabled = value("enabled") == "true";
    is_enabled.then(|| Log { bucket: value("bucket"), prefix: value("prefix") })
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
            ("a.b/..c", true),
            ("..", false),
            ("a/../b", false),
            ("a/./b", false),
            ("/web", false),
            ("web/", false),
            ("a//b", false),
            ("web/AWSLogs", false),
            ("a\\b", false),
            ("a\nb", false),
        ] {
            assert_eq!(is_prefix(prefix), is_good, "prefix {prefix:?}");
        }
    }
}
