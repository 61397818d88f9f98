//! The tags that a request gives to what it makes.

use std::collections::BTreeMap;

use clingfish_model::Record;

use crate::{Code, Error, Input, constraint::Pattern};

/// Characters of a key.
const KEY: std::ops::RangeInclusive<usize> = 1..=128;

/// Characters of a value.
const VALUE: std::ops::RangeInclusive<usize> = 0..=256;

const CHARACTERS: Pattern = Pattern {
    text: r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
    accepts: |text| text.chars().all(is_legal),
};

/// Reads `Tags`, keys of which are unique.
pub(super) fn read(input: &mut Input) -> Result<BTreeMap<String, String>, Error> {
    let list = input.list("Tags", read_one)?.unwrap_or_default();
    if list.len() > Record::TAGS_MAX {
        let message = format!("The limit of {} tags per resource is reached", Record::TAGS_MAX);
        return Err(Error::new(Code::TooManyTags, message));
    }
    let mut tags = BTreeMap::new();
    for (key, value) in list {
        if tags.contains_key(&key) {
            let message = format!("The tag key '{key}' is given twice");
            return Err(Error::new(Code::DuplicateTagKeys, message));
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

fn read_one(input: &mut Input) -> Result<(String, String), Error> {
    let at = [input.at("Key"), input.at("Value")];
    let key = input.sized_text("Key", KEY)?;
    let key = input.required("Key", key)?;
    let value = input.sized_text("Value", VALUE)?.unwrap_or_default();
    for (text, at) in [&key, &value].into_iter().zip(&at) {
        if !(CHARACTERS.accepts)(text) {
            let broken = crate::constraint::Constraint::Pattern(CHARACTERS.text);
            return Err(broken.broken_by(Some(text), at));
        }
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(Error::validation(format!(
            "The tag key '{key}' is reserved: it begins with aws:"
        )));
    }
    Ok((key, value))
}

/// Letters, digits and spaces of any script, and a few signs.
fn is_legal(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}
