//! `[admin]`: the address for operators, and who may use it.

use std::collections::HashSet;

use clingfish_model::{AccessKey, BearerToken, CertificateFiles, Role, Secret, desired::Admin};

use crate::{
    address, keys, networks, record::refuse_many, report::Report, section::Section, tls,
    value::Value,
};

const ACCESS_KEYS_HELP: &str = "write access_keys = [{ id = \"AKIAEXAMPLE\", secret = \"...\" }]";
const TOKENS_HELP: &str = "write tokens = [{ name = \"ci\", sha256 = \"64 hexadecimal digits\" }]";
const ROLES: [(&str, Role); 2] = [("admin", Role::Admin), ("read_only", Role::ReadOnly)];

/// Reads the table; what is not there has its default.
pub(crate) fn read(root: &Section<'_>, report: &mut Report<'_>) -> Admin {
    let default = Admin::default();
    let Some(value) = root.value("admin") else { return default };
    let Some(section) = Section::read(value, "[admin]".into(), &keys::ADMIN, report) else {
        return default;
    };
    let bind = section.value("bind").and_then(|value| value.bind(report));
    let hosts = section.value("hosts").map(|value| read_hosts(value, report));
    let proxies = section.value("trusted_proxies").map(|value| networks::read(value, report));
    let keys = section.value("access_keys").map(|value| read_access_keys(value, report));
    let tokens = section.value("tokens").map(|value| read_tokens(value, report));
    Admin {
        bind: bind.unwrap_or(default.bind),
        hosts: hosts.unwrap_or_default(),
        access_keys: keys.unwrap_or_default(),
        tokens: tokens.unwrap_or_default(),
        tls: read_tls(&section, report),
        trusted_proxies: proxies.unwrap_or_default(),
        recent_requests: section.bool("recent_requests", default.recent_requests, report),
    }
}

fn read_hosts(value: &Value<'_>, report: &mut Report<'_>) -> Vec<String> {
    let mut hosts = Vec::new();
    for element in value.list(report, "write hosts = [\"lb.example\"]") {
        let Some(text) = element.text(report) else {
            continue;
        };
        if address::is_host(text) || text.parse::<std::net::IpAddr>().is_ok() {
            hosts.push(text.to_owned());
        } else {
            let message = format!("{text:?} is not a host name");
            element.refuse(report, message, "write a name without port, such as \"lb.example\"");
        }
    }
    hosts
}

fn read_tls(section: &Section<'_>, report: &mut Report<'_>) -> Option<CertificateFiles> {
    if section.mentions("tls") && section.value("tls.key").is_none() {
        let help = "write tls = { certificate = \"fullchain.pem\", key = \"privkey.pem\" }";
        section.required("tls.certificate", report, help)?;
    }
    tls::read_pair(section, ["tls.certificate", "tls.key", ""], report)
}

fn read_access_keys(value: &Value<'_>, report: &mut Report<'_>) -> Vec<AccessKey> {
    let elements = value.list(report, ACCESS_KEYS_HELP);
    refuse_many(value, elements.len(), AccessKey::COUNT_MAX, report);
    let mut ids = HashSet::new();
    let mut keys = Vec::new();
    for element in &elements {
        let Some(key) = read_access_key(element, report) else { continue };
        if !ids.insert(key.id.clone()) {
            let message = format!("the access key {} is there twice", key.id);
            element.refuse(report, message, "remove one of the two");
        }
        keys.push(key);
    }
    keys
}

fn read_access_key(value: &Value<'_>, report: &mut Report<'_>) -> Option<AccessKey> {
    let section = Section::read(value, "an access key".into(), &keys::ACCESS_KEY, report)?;
    let id = section.required("id", report, ACCESS_KEYS_HELP);
    let id = id.and_then(|value| read_key_id(value, report));
    let secret = section.required("secret", report, ACCESS_KEYS_HELP);
    let secret = secret.and_then(|value| read_secret(value, report));
    let token = section.value("session_token").map(|value| read_secret(value, report));
    let role = section.word("role", &ROLES, Role::Admin, report);
    let session_token = match token {
        Some(read) => Some(read?),
        None => None,
    };
    Some(AccessKey { id: id?, secret: secret?, session_token, role })
}

fn read_key_id(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.secret(report)?;
    let legal = text.bytes().all(|c| c.is_ascii_alphanumeric());
    if !legal || !(1..=AccessKey::ID_CHARS_MAX).contains(&text.len()) {
        // Not shown: whoever mixes the two up has written the secret here.
        let message = format!("{} is not the id of an access key", value.name);
        let help = format!("use 1 to {} letters and digits", AccessKey::ID_CHARS_MAX);
        value.refuse(report, message, help);
        return None;
    }
    Some(text.to_owned())
}

/// What no message shows.
fn read_secret(value: &Value<'_>, report: &mut Report<'_>) -> Option<Secret> {
    let text = value.secret(report)?;
    if text.trim().is_empty() {
        value.refuse(report, format!("{} is empty", value.name), "write one that nobody guesses");
        return None;
    }
    Some(Secret::new(text))
}

fn read_tokens(value: &Value<'_>, report: &mut Report<'_>) -> Vec<BearerToken> {
    let elements = value.list(report, TOKENS_HELP);
    refuse_many(value, elements.len(), BearerToken::COUNT_MAX, report);
    let mut names = HashSet::new();
    let mut tokens = Vec::new();
    for element in &elements {
        let Some(token) = read_token(element, report) else { continue };
        if !names.insert(token.name.clone()) {
            let message = format!("the token {:?} is there twice", token.name);
            element.refuse(report, message, "give each a name of its own");
        }
        tokens.push(token);
    }
    tokens
}

fn read_token(value: &Value<'_>, report: &mut Report<'_>) -> Option<BearerToken> {
    let section = Section::read(value, "a token".into(), &keys::TOKEN, report)?;
    let name = section.required("name", report, TOKENS_HELP);
    let name = name.and_then(|value| value.name(report));
    let hash = section.required("sha256", report, TOKENS_HELP);
    let hash = hash.and_then(|value| read_hash(value, report));
    let role = section.word("role", &ROLES, Role::Admin, report);
    Some(BearerToken { name: name?.to_string(), sha256: hash?, role })
}

fn read_hash(value: &Value<'_>, report: &mut Report<'_>) -> Option<[u8; 32]> {
    let text = value.secret(report)?;
    let hash = bytes(text);
    if hash.is_none() {
        // Not shown: it may be the token itself.
        let message = format!("{} is not the SHA-256 of a token", value.name);
        value.refuse(report, message, "write the 64 hexadecimal digits that sha256sum says of it");
    }
    hash
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
