//! Name and attributes of a clingfish-style cookie.

use clingfish_model::{
    GroupHash, Name,
    stickiness::{BadCookie, CookieAttributes, CookieShape, SameSite, Secure},
};

use crate::{
    report::Report,
    section::Section,
    value::{Value, split_advice},
};

/// Reads name and attributes. Each part that browsers reject is noted and put back to its default, so that all are found.
pub(super) fn read_shape(
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> CookieShape {
    let default = CookieAttributes::named(format!("cling_{}", GroupHash::of(group).short()));
    let mut attributes = read_attributes(default.clone(), section, report);
    loop {
        let bad = match CookieShape::new(attributes.clone()) {
            Ok(shape) => return shape,
            Err(bad) => bad,
        };
        let key = match bad {
            BadCookie::Path => "stickiness.path",
            BadCookie::Domain => "stickiness.domain",
            BadCookie::NoneWithoutSecure => "stickiness.same_site",
            BadCookie::PartitionedWithoutSecure => "stickiness.partitioned",
            BadCookie::HostPrefix if host_prefix(section).is_some() => "stickiness.host_prefix",
            _ => "stickiness.cookie",
        };
        match key {
            "stickiness.path" => attributes.path.clone_from(&default.path),
            "stickiness.domain" => attributes.domain.clone_from(&default.domain),
            "stickiness.same_site" => attributes.same_site = default.same_site,
            "stickiness.partitioned" => attributes.partitioned = default.partitioned,
            _ => attributes.name.clone_from(&default.name),
        }
        if let Some(value) = section.value(key) {
            let text = bad.to_string();
            let (reason, _) = split_advice(&text);
            let message = format!("{} = {}: {reason}", value.name, value.written(report));
            value.refuse(report, message, cookie_help(bad));
        }
    }
}

fn cookie_help(bad: BadCookie) -> &'static str {
    match bad {
        BadCookie::Name | BadCookie::ReservedName => {
            "write a name such as \"home\", or leave it out: the default differs for each target group"
        }
        BadCookie::Path => "write \"/\", or leave it out",
        BadCookie::Domain => "write a host name without dot at the start, or leave it out",
        BadCookie::NoneWithoutSecure => {
            "write secure = \"always\" beside it, or same_site = \"lax\""
        }
        BadCookie::PartitionedWithoutSecure | BadCookie::SecurePrefix => {
            "write secure = \"always\" beside it"
        }
        BadCookie::HostPrefix => {
            "write secure = \"always\" beside it, and leave out domain and path"
        }
        _ => "",
    }
}

fn read_attributes(
    default: CookieAttributes,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> CookieAttributes {
    let mut text = |key| Some(section.value(key)?.text(report)?.to_owned());
    let (name, path) = (text("stickiness.cookie"), text("stickiness.path"));
    let domain = text("stickiness.domain");
    let same_sites =
        [("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)];
    let secure = section.value("stickiness.secure");
    let mut flag = |key, default| section.bool(key, default, report);
    let (mut name, mut default_secure) = (name.unwrap_or(default.name), default.secure);
    if flag("stickiness.host_prefix", false) {
        default_secure = Secure::Always;
        if !name.starts_with(CookieShape::HOST_PREFIX) {
            name.insert_str(0, CookieShape::HOST_PREFIX);
        }
    }
    CookieAttributes {
        name,
        path: path.unwrap_or(default.path),
        domain: domain.or(default.domain),
        http_only: flag("stickiness.http_only", default.http_only),
        partitioned: flag("stickiness.partitioned", default.partitioned),
        browser_session: flag("stickiness.browser_session", default.browser_session),
        cross_site: flag("stickiness.cross_site", default.cross_site),
        same_site: section.word("stickiness.same_site", &same_sites, default.same_site, report),
        secure: secure.and_then(|value| read_secure(value, report)).unwrap_or(default_secure),
    }
}

/// Where `host_prefix` is asked for.
pub(crate) fn host_prefix<'s, 'a>(section: &'s Section<'a>) -> Option<&'s Value<'a>> {
    section.value("stickiness.host_prefix").filter(|value| value.as_bool() == Some(true))
}

fn read_secure(value: &Value<'_>, report: &mut Report<'_>) -> Option<Secure> {
    match value.as_bool() {
        Some(true) => Some(Secure::Always),
        Some(false) => Some(Secure::Never),
        None => value.word(
            report,
            &[("auto", Secure::Auto), ("always", Secure::Always), ("never", Secure::Never)],
            &[],
        ),
    }
}
