//! Which keys there are, for those who change a file by key and value.

use crate::{
    keys::{Schema, TARGET_GROUP, below},
    section::{join, proposal},
};

/// No key of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
pub struct UnknownKey {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The key of a target group that is written so, under its own name or ELBv2's.
///
/// ```
/// assert_eq!(clingfish_config::target_group_key("stickiness.duration"), Ok("stickiness.duration"));
/// let unknown = clingfish_config::target_group_key("stickyness").unwrap_err();
/// assert_eq!(unknown.help, "did you mean \"stickiness\"?");
/// ```
pub fn target_group_key(written: &str) -> Result<&'static str, UnknownKey> {
    known(&TARGET_GROUP, written)
}

/// The table of a target group that is written so, with keys below.
pub fn target_group_table(written: &str) -> Option<&'static str> {
    let name = TARGET_GROUP.names().find(|name| below(name, written).is_some())?;
    name.get(..written.len()).filter(|table| !table.is_empty())
}

fn known(schema: &'static Schema, written: &str) -> Result<&'static str, UnknownKey> {
    if let Some((_, name)) = schema.find(written) {
        return Ok(name);
    }
    let (message, help) = if schema.is_at_aws(written) {
        let help = format!("leave it out, or keep it for the API among attributes, as {written:?}");
        (format!("{written:?} is known to AWS, but not supported yet"), help)
    } else if schema.goes_on_below(written) {
        let below = schema.names().find(|name| name.starts_with(&join(written, "")));
        let help = format!("set one of its keys, such as {}", below.unwrap_or(written));
        (format!("{written} is a table"), help)
    } else {
        let (prefix, key) = written.rsplit_once('.').unwrap_or(("", written));
        let message = format!("unknown key {written:?} of {}", schema.title);
        (message, proposal(schema, prefix, key))
    };
    Err(UnknownKey { message, help })
}
