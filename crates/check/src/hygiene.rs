//! Whether a balancer's cookie is made as browsers, scanners and neighbours need it.

use crate::{
    jar::is_acceptable,
    limits::{COOKIE_BYTES_MAX, LIFE_TOLERANCE},
    promise::{Judgement, Outcome},
    reveal::{Revealed, reveal},
    set_cookie::{Life, SameSite, SetCookie},
    url::Url,
};

/// What can be said of a cookie: a fault, or something that is good to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Breaks the promise.
    Fault(String),
    /// Does not.
    Note(String),
}

/// Remarks become a judgement about these cookies: broken with a fault, else kept.
pub fn judge(cookies: &[SetCookie], remarks: Vec<Remark>) -> Judgement {
    if cookies.is_empty() {
        return Judgement::unknown("no cookie of the balancer's was seen");
    }
    let is_broken = remarks.iter().any(|remark| matches!(remark, Remark::Fault(_)));
    let mut names: Vec<&str> = Vec::new();
    for cookie in cookies {
        if !names.contains(&cookie.name.as_str()) {
            names.push(&cookie.name);
        }
    }
    let mut evidence = vec![format!("looked at {}", names.join(", "))];
    for Remark::Fault(text) | Remark::Note(text) in remarks {
        if !evidence.contains(&text) {
            evidence.push(text);
        }
    }
    let outcome = if is_broken { Outcome::Broken } else { Outcome::Kept };
    Judgement { outcome, evidence }
}

/// Secure, HttpOnly, SameSite, Partitioned, and what browsers refuse.
pub fn flags(cookie: &SetCookie, from: &Url) -> Vec<Remark> {
    let name = &cookie.name;
    let mut remarks = Vec::new();
    if !cookie.has("httponly") {
        remarks.push(Remark::Fault(format!("{name} has no HttpOnly: scripts can read it")));
    }
    if from.https && !cookie.has("secure") {
        remarks.push(Remark::Fault(format!("{name} has no Secure: it goes over plain http too")));
    }
    if !is_acceptable(cookie, from) {
        remarks
            .push(Remark::Fault(format!("browsers refuse {name}: {}", why_refused(cookie, from))));
    }
    match cookie.same_site() {
        SameSite::None if !cookie.has("partitioned") && cookie.has("secure") => {
            remarks.push(Remark::Note(format!(
                "{name} is SameSite=None without Partitioned: browsers that block third parties' cookies drop it in frames"
            )));
        }
        SameSite::Unsaid => remarks.push(Remark::Note(format!(
            "{name} has no SameSite: browsers take Lax, old ones none"
        ))),
        _ => {}
    }
    remarks
}

fn why_refused(cookie: &SetCookie, from: &Url) -> &'static str {
    if cookie.has("secure") && !from.https {
        "Secure over plain http"
    } else if cookie.same_site() == SameSite::None && !cookie.has("secure") {
        "SameSite=None without Secure"
    } else if cookie.has("partitioned") && !cookie.has("secure") {
        "Partitioned without Secure"
    } else if cookie.name.starts_with("__") {
        "its prefix asks for other attributes"
    } else {
        "its Domain is not this host's"
    }
}

/// Path, Domain, size, and others of the same name; `lines` are all that one answer sets.
pub fn scope(cookie: &SetCookie, lines: &[SetCookie]) -> Vec<Remark> {
    let name = &cookie.name;
    let mut remarks = Vec::new();
    match cookie.path() {
        Some("/") => {}
        Some(path) => remarks.push(Remark::Fault(format!(
            "{name} has Path={path}: the rest of the site does not send it"
        ))),
        None => remarks.push(Remark::Fault(format!(
            "{name} has no Path: browsers take the folder of the page, one cookie for each"
        ))),
    }
    if let Some(domain) = cookie.domain() {
        remarks
            .push(Remark::Note(format!("{name} has Domain={domain}: all hosts below it get it")));
    }
    let twins = lines.iter().filter(|other| other.name == *name).count();
    if twins > 1 {
        remarks.push(Remark::Fault(format!(
            "one answer sets {name} {twins} times: two balancers or groups share the name"
        )));
    }
    let bytes = name.len() + cookie.value.len();
    if bytes > COOKIE_BYTES_MAX {
        remarks.push(Remark::Fault(format!("{name} has {bytes} bytes: browsers drop it")));
    } else if bytes > COOKIE_BYTES_MAX / 4 {
        remarks.push(Remark::Note(format!("{name} has {bytes} bytes, which go with each request")));
    }
    remarks
}

/// Expires against Max-Age, and dates that are past or unreadable.
pub fn life(cookie: &SetCookie, now: i64) -> Vec<Remark> {
    let name = &cookie.name;
    let (age, expires) = (cookie.max_age(), cookie.expires());
    let mut remarks = Vec::new();
    if let Some(text) = cookie.attribute("max-age")
        && age.is_none()
    {
        remarks.push(Remark::Fault(format!("{name} has Max-Age={text}, which is no number")));
    }
    if let Some(text) = cookie.attribute("expires")
        && expires.is_none()
    {
        remarks.push(Remark::Fault(format!("{name} has Expires={text}, which is no date")));
    }
    if let (Some(age), Some(expires)) = (age, expires) {
        let apart = (expires - now - age).abs();
        if apart > LIFE_TOLERANCE {
            remarks.push(Remark::Fault(format!(
                "{name} says Max-Age={age} and an Expires that is {} s away: clients differ in which they take",
                expires - now
            )));
        }
    }
    match cookie.life(now) {
        Life::Seconds(seconds) if seconds <= 0 && !cookie.is_removal(now) => {
            remarks.push(Remark::Fault(format!("{name} had expired before it came")));
        }
        Life::Seconds(seconds) if age.is_none() => remarks.push(Remark::Note(format!(
            "{name} lives {seconds} s by Expires alone: a client whose clock is wrong keeps it for another time"
        ))),
        Life::Seconds(seconds) => remarks.push(Remark::Note(format!("{name} lives {seconds} s"))),
        Life::Session => {
            remarks.push(Remark::Note(format!("{name} lives until the browser closes")));
        }
    }
    remarks
}

/// What can be read in the value; `targets` are the names of those who answer.
pub fn opaque(cookie: &SetCookie, targets: &[String]) -> Vec<Remark> {
    let name = &cookie.name;
    let what = match reveal(&cookie.value, targets) {
        None => return Vec::new(),
        Some(Revealed::Address(address)) => format!("the address {address}"),
        Some(Revealed::Base64(text)) => format!("{text} in base64"),
        Some(Revealed::Md5(address)) => format!("the MD5 of {address}, found by trying"),
        Some(Revealed::Sha256(url)) => format!("the SHA-256 of {url}, found by trying"),
        Some(Revealed::Number(number)) => format!("the number {number}"),
        Some(Revealed::Word(word)) => format!("the server's name {word}"),
    };
    vec![Remark::Fault(format!("the value of {name} is {what}"))]
}

#[cfg(test)]
mod tests;
