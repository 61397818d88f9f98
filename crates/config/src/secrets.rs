//! Where a configuration has secrets, so that others can leave them out.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Keys whose values nobody but the file's readers may see, wherever they are.
pub const SECRET_KEYS: [&str; 2] = ["secret", "sha256"];

/// A key that is one beside `from`: what another balancer's cookies are signed with.
const IMPORTED: (&str, &str) = ("key", "from");

/// Where the values of secrets are, in bytes and in order; none of a text that is not TOML.
///
/// ```
/// let text = "[[admin.tokens]]\nid = \"ci\"\nsha256 = \"ab12\"\n";
/// let spans = clingfish_config::secret_spans(text).expect("it is TOML");
/// assert_eq!(spans.iter().map(|span| &text[span.clone()]).collect::<Vec<_>>(), ["\"ab12\""]);
/// ```
pub fn secret_spans(text: &str) -> Option<Vec<Range<usize>>> {
    let table = DeTable::parse(text).ok()?;
    let mut spans = Vec::new();
    of_table(table.get_ref(), &mut spans);
    spans.sort_by_key(|span| span.start);
    Some(spans)
}

fn of_table(table: &DeTable<'_>, spans: &mut Vec<Range<usize>>) {
    let (key, beside) = IMPORTED;
    let is_import = table.iter().any(|(name, _)| name.get_ref().as_ref() == beside);
    for (name, value) in table {
        let name = name.get_ref().as_ref();
        if SECRET_KEYS.contains(&name) || (is_import && name == key) {
            spans.push(value.span());
        } else {
            of_value(value, spans);
        }
    }
}

fn of_value(value: &Spanned<DeValue<'_>>, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => of_table(table, spans),
        DeValue::Array(values) => values.iter().for_each(|value| of_value(value, spans)),
        _ => {}
    }
}
