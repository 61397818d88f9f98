//! A piece of TOML as the places of its keys and values.

use std::{borrow::Cow, ops::Range};

use toml_parser::{
    ErrorSink, ParseError, Raw, Source, Span,
    decoder::Encoding,
    parser::{EventReceiver, RecursionGuard, parse_document},
};

use super::EditError;

/// How deep tables and lists are followed: as deep as the reader follows them.
const DEPTH_MAX: u32 = 80;

/// What stands on a line of its own, or on several.
#[derive(Debug)]
pub(super) enum Statement {
    Header(Header),
    Entry(Entry),
}

/// `[a.b]` or `[[a.b]]`.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) keys: Vec<Part>,
    pub(super) is_list: bool,
    pub(super) at: Range<usize>,
}

/// One key of a dotted one.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) at: Range<usize>,
}

/// `a.b = value`, in a block or in braces.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) keys: Vec<Part>,
    pub(super) value: Node,
}

impl Entry {
    /// From the first byte of its key to the last of its value.
    pub(super) fn at(&self) -> Range<usize> {
        let start = self.keys.first().map_or(self.value.at.start, |part| part.at.start);
        start..self.value.at.end
    }
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

/// What is in a value.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

impl Node {
    /// Its members, where it is a table in braces.
    pub(super) fn members(&self) -> &[Entry] {
        match &self.kind {
            Kind::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Where the things in it are, each whole.
    pub(super) fn things(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Scalar => Vec::new(),
            Kind::List(nodes) => nodes.iter().map(|node| node.at.clone()).collect(),
            Kind::Table(entries) => entries.iter().map(Entry::at).collect(),
        }
    }
}

/// Reads a piece of TOML. What values mean is not looked at.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, EditError> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut builder = Builder { text, ..Builder::default() };
    let mut first: Option<ParseError> = None;
    let mut receiver = RecursionGuard::new(&mut builder, DEPTH_MAX);
    parse_document(&tokens, &mut receiver, &mut first);
    match first {
        None => Ok(builder.statements),
        Some(error) => {
            let at = error.unexpected().map_or(0, |span| span.start());
            let before = text.get(..at).unwrap_or(text);
            Err(EditError::Syntax {
                line: before.matches('\n').count() + 1,
                message: error.description().to_owned(),
            })
        }
    }
}

/// Puts events together.
#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    statements: Vec<Statement>,
    /// Keys at the top that wait for their value, or for the end of their header.
    keys: Vec<Part>,
    header_at: usize,
    open: Vec<Open>,
}

/// A list or table whose end has not come yet.
enum Open {
    List { at: usize, nodes: Vec<Node> },
    Table { at: usize, entries: Vec<Entry>, keys: Vec<Part> },
}

impl Builder<'_> {
    fn close_header(&mut self, end: usize, is_list: bool) {
        let keys = std::mem::take(&mut self.keys);
        self.statements.push(Statement::Header(Header { keys, is_list, at: self.header_at..end }));
    }

    /// A value is complete.
    fn put(&mut self, value: Node) {
        match self.open.last_mut() {
            Some(Open::List { nodes, .. }) => nodes.push(value),
            Some(Open::Table { entries, keys, .. }) => {
                entries.push(Entry { keys: std::mem::take(keys), value });
            }
            None => {
                let keys = std::mem::take(&mut self.keys);
                self.statements.push(Statement::Entry(Entry { keys, value }));
            }
        }
    }

    fn close(&mut self, end: usize) {
        match self.open.pop() {
            Some(Open::List { at, nodes }) => {
                self.put(Node { at: at..end, kind: Kind::List(nodes) });
            }
            Some(Open::Table { at, entries, .. }) => {
                self.put(Node { at: at..end, kind: Kind::Table(entries) });
            }
            None => {}
        }
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.header_at = span.start();
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span.end(), false);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.header_at = span.start();
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span.end(), true);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::Table { at: span.start(), entries: Vec::new(), keys: Vec::new() });
        true
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span.end());
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::List { at: span.start(), nodes: Vec::new() });
        true
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span.end());
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, _: &mut dyn ErrorSink) {
        let at = span.start()..span.end();
        let written = self.text.get(at.clone()).unwrap_or_default();
        let mut name = Cow::Borrowed("");
        Raw::new_unchecked(written, kind, span).decode_key(&mut name, &mut ());
        let part = Part { name: name.into_owned(), at };
        match self.open.last_mut() {
            Some(Open::Table { keys, .. }) => keys.push(part),
            _ => self.keys.push(part),
        }
    }

    fn scalar(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.put(Node { at: span.start()..span.end(), kind: Kind::Scalar });
    }
}
