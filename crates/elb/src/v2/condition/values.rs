//! The values of each kind of condition.

use clingfish_model::rule::{BadCondition, Condition, Pattern};

use super::bad;
use crate::{Error, Input};

/// Values with wildcards, and regular expressions.
#[derive(Default)]
struct Texts {
    values: Vec<String>,
    regexes: Vec<String>,
}

impl Texts {
    fn read(input: &mut Input) -> Result<Self, Error> {
        Ok(Self {
            values: input.list_of_text("Values")?.unwrap_or_default(),
            regexes: input.list_of_text("RegexValues")?.unwrap_or_default(),
        })
    }

    /// Those of a condition that has them in its structure, or without one as AWS had it first: one value then.
    fn read_either(input: &mut Input, field: &str, config: &str) -> Result<Self, Error> {
        let plain = Self::read(input)?;
        let Some(structured) = input.structure(config, Self::read)? else {
            let count = plain.values.len().max(plain.regexes.len());
            return if count > 1 { Err(one_only(field)) } else { Ok(plain) };
        };
        if plain.values.is_empty() && plain.regexes.is_empty() {
            return Ok(structured);
        }
        Err(Error::validation(format!(
            "You cannot provide both Values and '{config}' for a condition of type '{field}'"
        )))
    }

    fn slices(&self) -> (Vec<&str>, Vec<&str>) {
        (slices(&self.values), slices(&self.regexes))
    }
}

fn slices(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn one_only(field: &str) -> Error {
    Error::validation(format!("The '{field}' field contains too many values; the limit is '1'"))
}

pub(super) fn host(input: &mut Input, field: &str, config: &str) -> Result<Condition, Error> {
    let texts = Texts::read_either(input, field, config)?;
    let (values, regexes) = texts.slices();
    Condition::host(&values, &regexes).map_err(|error| bad(field, &error))
}

pub(super) fn path(
    input: &mut Input,
    field: &str,
    config: &str,
    normal_paths: bool,
) -> Result<Condition, Error> {
    let texts = Texts::read_either(input, field, config)?;
    let (values, regexes) = texts.slices();
    for text in values.iter().filter(|_| normal_paths) {
        Pattern::normal_path(text).map_err(|error| bad(field, &BadCondition::from(error)))?;
    }
    Condition::path(&values, &regexes).map_err(|error| bad(field, &error))
}

/// `RegexValues` may stand beside the structure, which has the name.
pub(super) fn header(input: &mut Input, field: &str, config: &str) -> Result<Condition, Error> {
    let beside = input.list_of_text("RegexValues")?.unwrap_or_default();
    let read = input
        .structure(config, |input| Ok((input.text("HttpHeaderName")?, Texts::read(input)?)))?;
    let (name, mut texts) = read.ok_or_else(|| missing(config, field))?;
    let name = name.ok_or_else(|| missing("HttpHeaderName", field))?;
    texts.regexes.extend(beside);
    let (values, regexes) = texts.slices();
    Condition::header(&name, &values, &regexes).map_err(|error| bad(field, &error))
}

pub(super) fn method(input: &mut Input, field: &str, config: &str) -> Result<Condition, Error> {
    let methods = input.structure(config, |input| input.list_of_text("Values"))?;
    let methods = methods.ok_or_else(|| missing(config, field))?.unwrap_or_default();
    Condition::method(&slices(&methods)).map_err(|error| bad(field, &error))
}

pub(super) fn query(input: &mut Input, field: &str, config: &str) -> Result<Condition, Error> {
    let pairs = input.structure(config, |input| {
        input.list("Values", |input| {
            let (key, value) = (input.text("Key")?, input.text("Value")?);
            let value = value.ok_or_else(|| missing("Value", "QueryStringKeyValuePair"))?;
            for (name, text) in [("Key", key.as_ref()), ("Value", Some(&value))] {
                if text.is_some_and(|text| text.chars().count() > Pattern::LEN_MAX) {
                    return Err(Error::validation(format!(
                        "The '{name}' value is too long; the limit is '{}'",
                        Pattern::LEN_MAX
                    )));
                }
            }
            // A key that is empty is none.
            Ok((key.filter(|key| !key.is_empty()), value))
        })
    })?;
    let pairs = pairs.ok_or_else(|| missing(config, field))?.unwrap_or_default();
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_deref(), value.as_str())).collect();
    Condition::query(&pairs).map_err(|error| bad(field, &error))
}

pub(super) fn source_ip(input: &mut Input, field: &str, config: &str) -> Result<Condition, Error> {
    let networks = input.structure(config, |input| {
        if input.has("IpAddressType") {
            return Err(Error::validation(
                "'SourceIpConfig.IpAddressType' is not supported: networks say it themselves",
            ));
        }
        input.list_of_text("Values")
    })?;
    let networks = networks.ok_or_else(|| missing(config, field))?.unwrap_or_default();
    if networks.is_empty() {
        return Err(Error::validation("A 'source-ip' value must be specified"));
    }
    let network = |text: &String| {
        text.parse().map_err(|_| {
            Error::validation(format!(
                "The 'source-ip' value '{text}' is invalid; write a CIDR block such as '192.0.2.0/24'"
            ))
        })
    };
    let networks = networks.iter().map(network).collect::<Result<_, _>>()?;
    Condition::source_ip(networks).map_err(|error| bad(field, &error))
}

fn missing(what: &str, with: &str) -> Error {
    let with = if what == "Value" { "in" } else { "with" }.to_owned() + &format!(" '{with}'");
    Error::validation(format!("A '{what}' must be specified {with}"))
}
