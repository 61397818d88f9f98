//! The test cases of `http_desync_guardian`, ALB's own classifier, which `cargo xtask setup` downloads.

use std::{env, fs, path::PathBuf};

use crate::support::root;

/// One request, and what ALB's classifier says about it.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) name: String,
    method: String,
    uri: String,
    version: String,
    headers: Vec<(String, String)>,
    /// Compliant, Acceptable, Ambiguous or Severe.
    pub(super) tier: String,
    pub(super) reason: String,
}

impl Case {
    /// The request as bytes, with a Host, and with the body that its head promises.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self { method, uri, version, .. } = self;
        let mut bytes = [method.as_str(), uri, version].join(" ").trim_end_matches(' ').to_owned();
        if version.ends_with(' ') {
            bytes.push(' ');
        }
        bytes.push_str("\r\nHost: localhost\r\n");
        for (name, value) in &self.headers {
            bytes.push_str(&format!("{name}:{value}\r\n"));
        }
        bytes.push_str("\r\n");
        bytes.push_str(&"x".repeat(self.body_bytes()));
        if self.header("transfer-encoding").is_some() {
            bytes.push_str("0\r\n\r\n");
        }
        bytes.into_bytes()
    }

    /// Length of the body where the head states one that can be read.
    pub(super) fn body_bytes(&self) -> usize {
        self.header("content-length").and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.as_str())
    }
}

/// All cases, in the order of files and lines.
pub(super) fn all() -> Vec<Case> {
    let folder = env::var_os("CLINGFISH_CRATES")
        .map_or_else(|| root().join(".test-tools/crates/vendor"), PathBuf::from)
        .join("http_desync_guardian/tests");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("{} ({error}): `cargo xtask setup` downloads it", folder.display())
    });
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.iter().flat_map(|path| read(&fs::read_to_string(path).unwrap())).collect()
}

/// Reads the part of YAML that these files use: a list of maps, scalars on one line.
fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let entry = line.trim_start();
        let (is_item, entry) = entry.strip_prefix("- ").map_or((false, entry), |rest| (true, rest));
        let Some((key, value)) = entry.split_once(':') else { continue };
        let value = scalar(value.trim());
        if indent == 0 && is_item {
            assert_eq!(key, "name", "a case begins with its name");
            cases.push(Case { name: value, ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { panic!("no case before {line:?}") };
        match (indent, key, is_item) {
            (2, "method", _) => case.method = value,
            (2, "uri", _) => case.uri = value,
            (2, "version", _) => case.version = value,
            (2, "headers" | "expected", _) => {}
            (4, "name", true) => case.headers.push((value, String::new())),
            (6, "value", false) => case.headers.last_mut().expect("a name came first").1 = value,
            (4, "tier", false) => case.tier = value,
            (4, "reason", false) => case.reason = value,
            // The tier of one header, and texts of messages.
            (6, "tier", false) | (4, "required_message_items", _) | (6, _, true) => {}
            _ => panic!("{line:?} is not understood"),
        }
    }
    cases
}

/// A scalar. The classifier's own tests take escapes out of every text, beside those of YAML in double quotes.
fn scalar(text: &str) -> String {
    let within = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (within('"'), within('\'')) {
        (Some(text), _) => unescape(&unescape(text)),
        (_, Some(text)) => unescape(&text.replace("''", "'")),
        _ => unescape(text),
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        plain.push(match chars.next().expect("a backslash is followed by something") {
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                char::from(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"))
            }
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\x08',
            'f' => '\x0c',
            other => other,
        });
    }
    plain
}
