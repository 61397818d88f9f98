//! What a request says about its signature, in a header or in its query.

use std::{collections::BTreeMap, time::Duration};

use clingfish_model::UnixMillis;

use super::{ALGORITHM, EXPIRES_MAX, Request, SIGNED_HEADERS_MAX, refusal};
use crate::{Error, query::pairs, time::parse_compact};

/// The query parameter that a signature cannot cover.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

/// A signature that nobody has checked yet.
pub(super) struct Claim {
    pub(super) scope: Scope,
    /// In small letters, as listed.
    pub(super) signed_headers: Vec<String>,
    /// Hexadecimal, if the client is honest.
    pub(super) signature: String,
    pub(super) time: UnixMillis,
    pub(super) time_text: String,
    pub(super) token: Option<String>,
    pub(super) form: Form,
}

/// Where a signature was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Header,
    Presigned { expires: Duration },
}

/// Who signed, and for what.
pub(super) struct Scope {
    pub(super) id: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) terminator: String,
}

impl Claim {
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Error> {
        let query = signing_parameters(request.query)?;
        let header = header(request, "authorization")?;
        match (header, query.is_empty()) {
            (Some(header), true) => from_header(request, &header),
            (None, false) => from_query(&query),
            (None, true) => Err(refusal::missing()),
            (Some(_), false) => Err(refusal::incomplete(
                "Only one of the Authorization header and the X-Amz- query parameters is allowed.",
            )),
        }
    }
}

fn from_header(request: &Request<'_>, header: &str) -> Result<Claim, Error> {
    let parts = header.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with(' '));
    let parts = parts.ok_or_else(|| {
        refusal::incomplete(&format!("Authorization header requires the algorithm '{ALGORITHM}'."))
    })?;
    let mut named = BTreeMap::new();
    for part in parts.split(',').map(str::trim) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if named.insert(name, value).is_some() {
            return Err(refusal::incomplete(&format!("Authorization header has '{name}' twice.")));
        }
    }
    let mut part = |name: &str| {
        let part = named.remove(name).filter(|part| !part.is_empty());
        part.ok_or_else(|| {
            refusal::incomplete(&format!("Authorization header requires '{name}' parameter."))
        })
    };
    let scope = scope(part("Credential")?)?;
    let signed_headers = signed_headers(part("SignedHeaders")?)?;
    let signature = part("Signature")?.to_owned();
    let time_text = self::header(request, "x-amz-date")?.ok_or_else(|| {
        refusal::incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
    })?;
    let time = time(&time_text)?;
    let token = self::header(request, "x-amz-security-token")?;
    Ok(Claim { scope, signed_headers, signature, time, time_text, token, form: Form::Header })
}

fn from_query(query: &BTreeMap<String, String>) -> Result<Claim, Error> {
    let part = |name: &str| {
        query.get(name).map(String::as_str).filter(|part| !part.is_empty()).ok_or_else(|| {
            refusal::incomplete(&format!(
                "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
            ))
        })
    };
    if part("X-Amz-Algorithm")? != ALGORITHM {
        return Err(refusal::incomplete(&format!("X-Amz-Algorithm must be '{ALGORITHM}'.")));
    }
    let expires = expires(part("X-Amz-Expires")?)?;
    let time_text = part("X-Amz-Date")?.to_owned();
    Ok(Claim {
        scope: scope(part("X-Amz-Credential")?)?,
        signed_headers: signed_headers(part("X-Amz-SignedHeaders")?)?,
        signature: part(SIGNATURE)?.to_owned(),
        time: time(&time_text)?,
        time_text,
        token: query.get("X-Amz-Security-Token").cloned(),
        form: Form::Presigned { expires },
    })
}

/// Those of a presigned URL. Other parameters may come twice, for all that a signature cares.
fn signing_parameters(query: &str) -> Result<BTreeMap<String, String>, Error> {
    let mut parameters = BTreeMap::new();
    for pair in pairs(query.as_bytes()) {
        let (name, value) = pair?;
        if !name.starts_with("X-Amz-") {
            continue;
        }
        if parameters.contains_key(&name) {
            return Err(refusal::incomplete(&format!("The query has '{name}' twice.")));
        }
        parameters.insert(name, value);
    }
    Ok(parameters)
}

/// The one header of this name. Of two, nobody could say which counts.
fn header(request: &Request<'_>, name: &str) -> Result<Option<String>, Error> {
    let mut values = request.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let Some((_, value)) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refusal::incomplete(&format!("The request has '{name}' twice.")));
    }
    let text = std::str::from_utf8(value).map_err(|_| {
        refusal::incomplete(&format!("The value of '{name}' is not a text in UTF-8."))
    })?;
    Ok(Some(text.trim().to_owned()))
}

fn scope(credential: &str) -> Result<Scope, Error> {
    let parts: Vec<_> = credential.split('/').map(str::to_owned).collect();
    match <[String; 5]>::try_from(parts) {
        Ok([id, date, region, service, terminator]) => {
            Ok(Scope { id, date, region, service, terminator })
        }
        Err(_) => Err(refusal::incomplete(&format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        ))),
    }
}

fn signed_headers(list: &str) -> Result<Vec<String>, Error> {
    let headers: Vec<_> = list.split(';').map(str::to_ascii_lowercase).collect();
    if headers.len() > SIGNED_HEADERS_MAX {
        let message = format!("More than {SIGNED_HEADERS_MAX} headers are signed.");
        return Err(refusal::incomplete(&message));
    }
    if !headers.iter().any(|header| header == "host") {
        return Err(refusal::host());
    }
    Ok(headers)
}

fn time(text: &str) -> Result<UnixMillis, Error> {
    parse_compact(text).ok_or_else(|| {
        refusal::incomplete(&format!(
            "Date must be in ISO-8601 'basic format'. Got '{text}'. \
             See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

fn expires(text: &str) -> Result<Duration, Error> {
    let seconds = text.parse().map(Duration::from_secs).map_err(|_| {
        refusal::incomplete("X-Amz-Expires must be a non-negative number of seconds.")
    })?;
    if seconds > EXPIRES_MAX {
        let message = format!(
            "X-Amz-Expires must be at most a week, that is {} seconds.",
            EXPIRES_MAX.as_secs()
        );
        return Err(refusal::incomplete(&message));
    }
    Ok(seconds)
}
