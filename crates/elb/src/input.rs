//! The members of a request, or of a structure in it, as an action reads them.

use std::{collections::BTreeMap, ops::RangeInclusive};

use crate::{
    Code, Error,
    constraint::{Constraint, Pattern},
    query::{INDEX_MAX, Node, Params},
};

/// Members that can be read once each. What is left at the end was not known to the action, and is refused.
///
/// Names are those of AWS's model: `LoadBalancerArn`.
#[derive(Debug)]
pub struct Input {
    /// Where these members are, as AWS's messages name it: `actions.1.member`, or nothing for the request itself.
    at: String,
    /// The same as parameters spell it: `Actions.member.1`.
    parameter: String,
    members: BTreeMap<String, Node>,
}

impl Input {
    /// Reads all parameters by this function and refuses those that it left.
    ///
    /// AWS ignores most unknown parameters. Here they are refused (`InvalidQueryParameter`, 400): whoever misspells
    /// `Weight` is to hear of it.
    pub fn read<T>(
        params: Params,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        Self { at: String::new(), parameter: String::new(), members: params.members }.all(read)
    }

    /// A text. Present and empty is a text too.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Node { value: Some(value), members }) if members.is_empty() => Ok(Some(value)),
            Some(_) => Err(self.wrong_type(name, "a single value")),
        }
    }

    /// A text that must be there.
    pub fn required_text(&mut self, name: &str) -> Result<String, Error> {
        let text = self.text(name)?;
        self.required(name, text)
    }

    /// A text with so many characters.
    pub fn sized_text(
        &mut self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let characters = text.chars().count();
        let broken = if characters < *length.start() {
            Constraint::LengthAtLeast(*length.start())
        } else if characters > *length.end() {
            Constraint::LengthAtMost(*length.end())
        } else {
            return Ok(Some(text));
        };
        Err(broken.broken_by(Some(&text), &self.at(name)))
    }

    /// A text with so many characters that must be there.
    pub fn required_sized_text(
        &mut self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<String, Error> {
        let text = self.sized_text(name, length)?;
        self.required(name, text)
    }

    /// A text of this form.
    pub fn matching_text(
        &mut self,
        name: &str,
        pattern: &Pattern,
    ) -> Result<Option<String>, Error> {
        match self.text(name)? {
            Some(text) if !(pattern.accepts)(&text) => {
                Err(Constraint::Pattern(pattern.text).broken_by(Some(&text), &self.at(name)))
            }
            other => Ok(other),
        }
    }

    /// One of these words, as what it stands for.
    pub fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let set: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                Err(Constraint::OneOf(&set).broken_by(Some(&text), &self.at(name)))
            }
        }
    }

    /// One of these words that must be there.
    pub fn required_choice<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<T, Error> {
        let meaning = self.choice(name, words)?;
        self.required(name, meaning)
    }

    /// A whole number in this range.
    pub fn integer(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let Ok(number) = text.parse::<i64>() else {
            return Err(self.wrong_type(name, "an integer"));
        };
        let broken = if number < *range.start() {
            Constraint::AtLeast(*range.start())
        } else if number > *range.end() {
            Constraint::AtMost(*range.end())
        } else {
            return Ok(Some(number));
        };
        Err(broken.broken_by(Some(&text), &self.at(name)))
    }

    /// A whole number in this range that must be there.
    pub fn required_integer(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<i64, Error> {
        let number = self.integer(name, range)?;
        self.required(name, number)
    }

    /// `true` or `false`, in small or capital letters.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(self.wrong_type(name, "a boolean")),
        }
    }

    /// A list of texts. `Names=` with no member is an empty list, which is not the same as none.
    pub fn list_of_text(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(nodes) = self.nodes(name)? else {
            return Ok(None);
        };
        let text = |(index, node): (usize, Node)| match node {
            Node { value: Some(value), members } if members.is_empty() => Ok(value),
            _ => Err(self.wrong_type(&format!("{name}.member.{index}"), "a single value")),
        };
        nodes.into_iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A list of texts that must be there.
    pub fn required_list_of_text(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let list = self.list_of_text(name)?;
        self.required(name, list)
    }

    /// A list of structures, each read whole by this function.
    pub fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(nodes) = self.nodes(name)? else {
            return Ok(None);
        };
        let structure = |(index, node): (usize, Node)| {
            let at = format!("{}.{index}.member", self.at(name));
            let parameter = self.parameter(&format!("{name}.member.{index}"));
            Self::structure_of(node, at, parameter)?.all(&mut read)
        };
        nodes.into_iter().map(structure).collect::<Result<_, _>>().map(Some)
    }

    /// A list of structures that must be there.
    pub fn required_list<T>(
        &mut self,
        name: &str,
        read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let list = self.list(name, read)?;
        self.required(name, list)
    }

    /// A structure, read whole by this function.
    pub fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(node) = self.members.remove(name) else {
            return Ok(None);
        };
        Self::structure_of(node, self.at(name), self.parameter(name))?.all(read).map(Some)
    }

    /// What must be there: `Member must not be null`.
    pub fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| Constraint::NotNull.broken_by(None, &self.at(name)))
    }

    /// Whether the request has this member, read by nobody yet.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Where a member is, as AWS's messages name it: `actions.1.member.type`.
    pub fn at(&self, name: &str) -> String {
        let mut characters = name.chars();
        let first = characters.next().map(|first| first.to_ascii_lowercase());
        let name: String = first.into_iter().chain(characters).collect();
        if self.at.is_empty() { name } else { format!("{}.{name}", self.at) }
    }

    /// The same as parameters spell it: `Actions.member.1.Type`.
    fn parameter(&self, name: &str) -> String {
        if self.parameter.is_empty() { name.into() } else { format!("{}.{name}", self.parameter) }
    }

    fn all<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let value = read(&mut self)?;
        match self.members.first_key_value() {
            None => Ok(value),
            Some((name, node)) => Err(unknown(&node.first_path(self.parameter(name)))),
        }
    }

    fn structure_of(node: Node, at: String, parameter: String) -> Result<Self, Error> {
        match node.value.as_deref() {
            None | Some("") => Ok(Self { at, parameter, members: node.members }),
            Some(_) => Err(wrong_type(&parameter, "a structure")),
        }
    }

    /// The members of a list by their indices, which may have gaps.
    fn nodes(&mut self, name: &str) -> Result<Option<Vec<(usize, Node)>>, Error> {
        let Some(mut list) = self.members.remove(name) else {
            return Ok(None);
        };
        let member = list.members.remove("member").unwrap_or_default();
        if let Some((other, node)) = list.members.first_key_value() {
            return Err(unknown(&node.first_path(self.parameter(&format!("{name}.{other}")))));
        }
        if list.value.is_some_and(|value| !value.is_empty()) || member.value.is_some() {
            return Err(self.wrong_type(name, "a list"));
        }
        let mut nodes = Vec::with_capacity(member.members.len());
        for (index, node) in member.members {
            let Some(index) = index_of(&index) else {
                return Err(unknown(&self.parameter(&format!("{name}.member.{index}"))));
            };
            nodes.push((index, node));
        }
        nodes.sort_unstable_by_key(|(index, _)| *index);
        Ok(Some(nodes))
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> Error {
        wrong_type(&self.parameter(name), wanted)
    }
}

impl Node {
    /// The path of its first value, to tell the sender what is unknown.
    fn first_path(&self, own: String) -> String {
        match self.members.first_key_value() {
            Some((name, node)) if self.value.is_none() => node.first_path(format!("{own}.{name}")),
            _ => own,
        }
    }
}

/// Plain digits from 1; `01` would be a second name for the same member.
fn index_of(text: &str) -> Option<usize> {
    let plain = text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|index| plain && (1..=INDEX_MAX).contains(index))
}

fn wrong_type(parameter: &str, wanted: &str) -> Error {
    Error::validation(format!("The value of the parameter {parameter} must be {wanted}."))
}

fn unknown(parameter: &str) -> Error {
    Error::new(
        Code::InvalidQueryParameter,
        format!("The parameter {parameter} is not recognized by this action."),
    )
}

#[cfg(test)]
mod tests;
