//! Where a configuration has secrets, so that others can leave them out.
//!
//! Looks at syntax only, which takes a fifth of the time that reading the whole document does: it is done at every change.

use std::{borrow::Cow, ops::Range};

use toml_parser::{
    ParseError, Source, Span,
    parser::{Event, EventKind, parse_document},
};

/// Keys whose values nobody but the file's readers may see, wherever they are.
pub const SECRET_KEYS: [&str; 3] = ["secret", "session_token", "sha256"];

/// A key that is one of them beside `from`: what another balancer's cookies are signed with.
const IMPORTED: (&str, &str) = ("key", "from");

/// Where the values of secrets are, in bytes and in order; none of a text that is not TOML.
///
/// ```
/// let text = "[[admin.tokens]]\nid = \"ci\"\nsha256 = \"ab12\"\n";
/// let spans = clingfish_config::secret_spans(text).expect("it is TOML");
/// assert_eq!(spans.iter().map(|span| &text[span.clone()]).collect::<Vec<_>>(), ["\"ab12\""]);
/// ```
pub fn secret_spans(text: &str) -> Option<Vec<Range<usize>>> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut error: Option<ParseError> = None;
    let mut search = Search::new(source);
    parse_document(&tokens, &mut |event| search.take(&event), &mut error);
    error.is_none().then(|| search.finish())
}

/// A table, as far as its keys are written in one place: the number of its header or brace, and the dots before.
type Table = (usize, String);

/// What has been seen of a text so far.
struct Search<'t> {
    source: Source<'t>,
    found: Vec<Range<usize>>,
    /// Headers and braces so far, and those that are open.
    tables: usize,
    open: Vec<usize>,
    /// The key that is being read, and what is before its last dot.
    before: String,
    key: Cow<'t, str>,
    /// What the next value is, and how deep brackets are nested.
    next: Next,
    depth: usize,
    /// A secret that is being read: where it begins, and how deep that is.
    inside: Option<(usize, usize)>,
    imports: Vec<Table>,
    import_keys: Vec<(Table, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Anything,
    Secret,
    /// A secret if it is beside a `from`, which shows later; until then its place is kept.
    ImportKey,
}

impl<'t> Search<'t> {
    fn new(source: Source<'t>) -> Self {
        Self {
            source,
            found: Vec::new(),
            tables: 0,
            open: vec![0],
            before: String::new(),
            key: Cow::Borrowed(""),
            next: Next::Anything,
            depth: 0,
            inside: None,
            imports: Vec::new(),
            import_keys: Vec::new(),
        }
    }

    fn take(&mut self, event: &Event) {
        let span = event.span();
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => self.open = vec![self.number()],
            EventKind::StdTableClose | EventKind::ArrayTableClose => self.before.clear(),
            EventKind::SimpleKey => self.read_key(event),
            EventKind::KeySep => {
                self.before.push_str(&self.key);
                self.before.push('\0');
            }
            EventKind::KeyValSep => self.expect_value(),
            EventKind::Scalar => self.value(span, false),
            EventKind::ArrayOpen => self.value(span, true),
            EventKind::InlineTableOpen => {
                let number = self.number();
                self.open.push(number);
                self.value(span, true);
            }
            EventKind::InlineTableClose => {
                self.open.pop();
                self.close(span);
            }
            EventKind::ArrayClose => self.close(span),
            _ => {}
        }
    }

    fn number(&mut self) -> usize {
        self.tables += 1;
        self.tables
    }

    fn read_key(&mut self, event: &Event) {
        let mut key = Cow::Borrowed("");
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut key, &mut ());
        }
        self.key = key;
    }

    /// The key is read; its value follows.
    fn expect_value(&mut self) {
        let before = std::mem::take(&mut self.before);
        let table = (self.open.last().copied().unwrap_or_default(), before);
        let (key, beside) = IMPORTED;
        self.next = Next::Anything;
        if SECRET_KEYS.contains(&self.key.as_ref()) {
            self.next = Next::Secret;
        } else if self.key == beside {
            self.imports.push(table);
        } else if self.key == key && self.inside.is_none() {
            self.next = Next::ImportKey;
            self.import_keys.push((table, self.found.len()));
        }
    }

    fn value(&mut self, span: Span, opens: bool) {
        match std::mem::replace(&mut self.next, Next::Anything) {
            _ if self.inside.is_some() => {}
            Next::Anything => {}
            Next::Secret if opens => self.inside = Some((span.start(), self.depth)),
            Next::ImportKey if opens => drop(self.import_keys.pop()),
            Next::Secret | Next::ImportKey => self.found.push(span.start()..span.end()),
        }
        self.depth += usize::from(opens);
    }

    fn close(&mut self, span: Span) {
        self.depth = self.depth.saturating_sub(1);
        if let Some((start, depth)) = self.inside
            && depth == self.depth
        {
            self.inside = None;
            self.found.push(start..span.end());
        }
    }

    /// What was found, without keys that only looked like those of an import.
    fn finish(self) -> Vec<Range<usize>> {
        let Self { mut found, imports, import_keys, .. } = self;
        for (table, at) in import_keys.into_iter().rev() {
            if !imports.contains(&table) && at < found.len() {
                found.remove(at);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use toml::{
        Spanned,
        de::{DeTable, DeValue},
    };

    use super::*;

    /// The same by reading the whole document.
    fn by_document(table: &DeTable<'_>, found: &mut Vec<Range<usize>>) {
        let is_import = table.iter().any(|(key, _)| key.get_ref() == IMPORTED.1);
        for (key, value) in table {
            let key = key.get_ref().as_ref();
            let is_text = matches!(value.get_ref(), DeValue::String(_));
            if SECRET_KEYS.contains(&key) || (is_import && key == IMPORTED.0 && is_text) {
                found.push(value.span());
            } else {
                below(value, found);
            }
        }
    }

    fn below(value: &Spanned<DeValue<'_>>, found: &mut Vec<Range<usize>>) {
        match value.get_ref() {
            DeValue::Table(table) => by_document(table, found),
            DeValue::Array(values) => values.iter().for_each(|value| below(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_secret_is_found_wherever_it_is() {
        for (text, expected) in [
            ("", [].as_slice()),
            ("a = 1 # secret = 2\n", &[]),
            ("[[admin.access_keys]]\nid = \"A\"\nsecret = \"x\"\n[b]\nc = 'secret'\n", &["\"x\""]),
            ("a = [{ id = 1, secret = 'x' }, { 'secret' = \"y\", id = 2 }]\n", &["'x'", "\"y\""]),
            ("a.b.\"s\\u0068a256\" = 'x'\n[c]\nd.secret = 5\n", &["'x'", "5"]),
            ("secret = \"\"\"\nx\n\"\"\"\nb = 1\n", &["\"\"\"\nx\n\"\"\""]),
            (
                "secret = [\n 'x', { sha256 = 'y', key = 'z' },\n]\nb = 1\n",
                &["[\n 'x', { sha256 = 'y', key = 'z' },\n]"],
            ),
            ("a = { secret = { b = { c = 1 } }, sha256 = 'x' }\n", &["{ b = { c = 1 } }", "'x'"]),
            ("[secret]\nb = 1\n", &[]),
            ("[[k]]\nsession_token = 'x'\n", &["'x'"]),
            ("import = { from = 'caddy', key = 'x' }\ntls.key = 'path'\n", &["'x'"]),
            ("import.key = 'x'\nimport.from = 'caddy'\nkey = 'y'\n", &["'x'"]),
            ("[a.import]\nkey = 'x'\nfrom = 'caddy'\n[b.import]\nkey = 'path'\n", &["'x'"]),
            ("a = [{ key = 'no' }, { key = 'x', from = 1 }, { key = 'no' }]\n", &["'x'"]),
            (
                "a = [{ key = { b = { key = 'no' } } }, { from = 1, key = { b = { key = 'no' } } }, { from = 1, key = { secret = 'x' } }]\n",
                &["'x'"],
            ),
        ] {
            let found = secret_spans(text).unwrap();
            let values: Vec<&str> = found.iter().map(|span| &text[span.clone()]).collect();
            assert_eq!(values, expected, "{text}");
            if !text.starts_with("[secret]") {
                let mut all = Vec::new();
                by_document(DeTable::parse(text).unwrap().get_ref(), &mut all);
                all.sort_by_key(|span| span.start);
                assert_eq!(found, all, "{text}");
            }
        }
        for broken in
            ["secret = = \"x\"\n", "x\nsecret\n", "[a\nsecret = 'x'\n", "a = 'b' secret 'x'"]
        {
            assert_eq!(secret_spans(broken), None, "{broken}");
        }
        // A string without its end is found all the same, as far as it goes.
        assert_eq!(secret_spans("secret = \"x\n"), Some(std::iter::once(9..11).collect()));
    }
}
