//! `classic`: what the Classic API keeps of load balancers and listeners.

use std::{collections::BTreeMap, time::Duration};

use clingfish_model::{
    Name,
    elb::{Classic, ClassicListener, ClassicPolicy},
};

use crate::{aws, keys, record::refuse_many, report::Report, section::Section, value::Value};

/// Reads what it keeps of a load balancer; nothing of one that it did not make.
pub(crate) fn read(balancer: &Section<'_>, report: &mut Report<'_>) -> Option<Classic> {
    let value = balancer.value("classic")?;
    let section = Section::read(value, label(balancer), &keys::CLASSIC, report)?;
    let mut ids = |name| section.value(name).map(|value| aws::read_ids(value, report));
    let (instances, zones) = (ids("instances"), ids("zones"));
    Some(Classic {
        instances: instances.unwrap_or_default(),
        zones: zones.unwrap_or_default(),
        policies: read_policies(&section, report),
    })
}

/// Reads what it keeps of a listener.
pub(crate) fn read_listener(
    listener: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<ClassicListener> {
    let value = listener.value("classic")?;
    let section = Section::read(value, label(listener), &keys::CLASSIC_LISTENER, report)?;
    let port = section.required("instance_port", report, "write instance_port = 80");
    let port = port.and_then(|value| value.integer(report, 1..=u64::from(u16::MAX)));
    let protocols = [("HTTP", false), ("HTTPS", true)];
    let instance_tls = section.word("instance_protocol", &protocols, false, report);
    let policies = section.value("policies").map(|value| aws::read_ids(value, report));
    Some(ClassicListener {
        instance_port: u16::try_from(port?).ok()?,
        instance_tls,
        policies: policies.unwrap_or_default(),
    })
}

fn label(section: &Section<'_>) -> String {
    format!("classic of {}", section.label)
}

fn read_policies(
    classic: &Section<'_>,
    report: &mut Report<'_>,
) -> BTreeMap<String, ClassicPolicy> {
    let Some(value) = classic.value("policies") else { return BTreeMap::new() };
    let mut policies = BTreeMap::new();
    let help = "write policies = { NAME = { type = \"lb_cookie\", duration = \"60s\" } }";
    for (name, inner) in value.entries(report, help) {
        if let Err(error) = Name::new(name) {
            inner.refuse_error(report, &error);
        }
        policies.extend(read_policy(&inner, report).map(|policy| (name.to_owned(), policy)));
    }
    refuse_many(value, policies.len(), ClassicPolicy::COUNT_MAX, report);
    policies
}

fn read_policy(value: &Value<'_>, report: &mut Report<'_>) -> Option<ClassicPolicy> {
    let section = Section::read(value, value.name.clone(), &keys::CLASSIC_POLICY, report)?;
    let help = "write type = \"lb_cookie\" or \"app_cookie\"";
    let words = [("lb_cookie", true), ("app_cookie", false)];
    let is_lb = section.required("type", report, help)?.word(report, &words, &[])?;
    let (other, with) = if is_lb { ("cookie", "lb_cookie") } else { ("duration", "app_cookie") };
    if let Some(value) = section.value(other) {
        let message = format!("{} cannot be set with type = \"{with}\"", value.name);
        value.refuse(report, message, "remove it");
    }
    if !is_lb {
        let help = "write cookie = \"JSESSIONID\"";
        let cookie = section.required("cookie", report, help)?;
        return aws::read_id(cookie, report).map(ClassicPolicy::AppCookie);
    }
    let Some(value) = section.value("duration") else {
        return Some(ClassicPolicy::LbCookie(None));
    };
    let bounds = ClassicPolicy::SECONDS;
    let range = Duration::from_secs(*bounds.start())..=Duration::from_secs(*bounds.end());
    Some(ClassicPolicy::LbCookie(Some(value.duration(report, range)?.as_secs())))
}
