//! Forms (`application/x-www-form-urlencoded`) as a tree of parameters.
//!
//! `Actions.member.1.Type=forward` is the value `forward` under `Actions`, `member`, `1`, `Type`.

use std::collections::BTreeMap;

use crate::{Code, Error};

mod form;

pub(crate) use form::pairs;

/// Longest body or query of a URL, in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// Most parameters of a request.
pub const PARAMETERS_MAX: usize = 10_000;

/// Most names in the path of a parameter, those of lists and their indices counted.
///
/// The deepest that AWS has is `Actions.member.1.JwtValidationConfig.AdditionalClaims.member.1.Values.member.1`.
pub const DEPTH_MAX: usize = 10;

/// Highest index of a member of a list; the lowest is 1.
pub const INDEX_MAX: usize = 10_000;

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    pub(crate) members: BTreeMap<String, Node>,
}

/// A parameter: a value, or the parameters below it, or both when the sender is confused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) value: Option<String>,
    pub(crate) members: BTreeMap<String, Node>,
}

impl Params {
    /// Decodes a form.
    ///
    /// What is not a form (`%zz`, bytes that are not UTF-8, a parameter without a name) is a `MalformedQueryString`, which
    /// AWS answers with 404. A parameter that comes twice, is too deep or one too many is an `InvalidQueryParameter`, as is
    /// a form that is too long.
    pub fn decode(form: &[u8]) -> Result<Self, Error> {
        Self::decode_both(&[], form)
    }

    /// Decodes what a POST may carry in two places: the query of its URL and its body.
    pub fn decode_both(query: &[u8], body: &[u8]) -> Result<Self, Error> {
        if query.len().max(body.len()) > BYTES_MAX {
            return Err(invalid(format!("The request is longer than {BYTES_MAX} bytes.")));
        }
        let mut params = Self::default();
        for (count, pair) in pairs(query).chain(pairs(body)).enumerate() {
            if count >= PARAMETERS_MAX {
                return Err(invalid(format!(
                    "The request has more than {PARAMETERS_MAX} parameters."
                )));
            }
            let (path, value) = pair?;
            params.insert(&path, value)?;
        }
        Ok(params)
    }

    /// Takes a parameter that stands alone, such as `Action`.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let stands_alone = self.members.get(name)?.members.is_empty();
        if stands_alone { self.members.remove(name)?.value } else { None }
    }

    fn insert(&mut self, path: &str, value: String) -> Result<(), Error> {
        if path.split('.').count() > DEPTH_MAX {
            return Err(invalid(format!("The parameter {path} has more than {DEPTH_MAX} parts.")));
        }
        if path.split('.').any(str::is_empty) {
            return Err(invalid(format!("The parameter {path} has a part without a name.")));
        }
        let (parents, name) = match path.rsplit_once('.') {
            Some((parents, name)) => (parents.split('.').collect(), name),
            None => (Vec::new(), path),
        };
        let mut members = &mut self.members;
        for parent in parents {
            members = &mut members.entry(parent.to_owned()).or_default().members;
        }
        match members.entry(name.to_owned()).or_default() {
            Node { value: Some(_), .. } => {
                Err(invalid(format!("The parameter {path} may not be given twice.")))
            }
            node => {
                node.value = Some(value);
                Ok(())
            }
        }
    }
}

fn invalid(message: String) -> Error {
    Error::new(Code::InvalidQueryParameter, message)
}

#[cfg(test)]
mod tests;
