//! Columns for people.

use serde_json::Value;

/// Rows below their titles, each column as wide as it needs to be.
#[derive(Debug)]
pub(crate) struct Table {
    titles: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row of these members of an object.
    pub(crate) fn add(&mut self, value: &Value, pointers: &[&str]) {
        self.rows.push(pointers.iter().map(|pointer| cell(value.pointer(pointer))).collect());
    }

    /// Adds a row.
    pub(crate) fn add_cells(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Writes it to standard output.
    pub(crate) fn print(&self) {
        print!("{}", self.to_text());
    }

    fn to_text(&self) -> String {
        let titles: Vec<String> = self.titles.iter().map(|title| (*title).to_owned()).collect();
        let all = || std::iter::once(&titles).chain(&self.rows);
        let width =
            |at: usize| all().filter_map(|row| row.get(at)).map(|c| c.chars().count()).max();
        let widths: Vec<usize> = (0..titles.len()).filter_map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        all().map(line).collect()
    }
}

/// A value as a cell shows it.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(values)) if values.is_empty() => "-".to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| cell(Some(value))).collect::<Vec<_>>().join(", ")
        }
        Some(value) => value.to_string(),
    }
}

/// Every setting of a table by its whole name, in order.
pub(crate) fn settings(value: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    flatten("", value, &mut all);
    all
}

fn flatten(prefix: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&name, value, all);
            }
        }
        value => all.push((prefix.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let mut table = Table::new(&["A", "LONG", "C"]);
        table.add(&json!({ "a": "wide", "b": 1, "c": { "d": null } }), &["/a", "/b", "/c/d"]);
        table.add(&json!({ "a": "x", "b": true, "c": { "d": ["y", "z"] } }), &["/a", "/b", "/c/d"]);
        assert_eq!(table.to_text(), "A     LONG  C\nwide  1     -\nx     yes   y, z\n");
    }

    #[test]
    fn settings_have_their_whole_names() {
        let all = settings(&json!({ "a": { "b": "c", "d": [1] }, "e": true }));
        let all: Vec<String> =
            all.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(all, ["a.b=\"c\"", "a.d=[1]", "e=true"]);
    }
}
