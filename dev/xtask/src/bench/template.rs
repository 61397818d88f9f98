//! Configuration files with holes.

use std::fmt::Display;

/// Puts each value where its name stands in braces.
pub(super) fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value.to_string())
    })
}
