//! Collects errors and warnings while a file is read, so that all are told at once.

use std::{collections::BTreeSet, ops::Range};

use clingfish_model::limits::CONFIG_ERRORS_MAX;

use crate::Diagnostic;

/// Longest piece of the file that a message quotes, in characters.
const QUOTE_MAX: usize = 60;

/// Longest message, path or help, in characters: names in a file can be as long as the file.
const TEXT_MAX: usize = 400;

/// The text being read, and what was found in it.
pub(crate) struct Report<'t> {
    text: &'t str,
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    errors: Vec<Found>,
    warnings: Vec<Found>,
    /// Lines that are not TOML: what they mean is a guess, so nothing else is said about them.
    broken_lines: BTreeSet<usize>,
}

/// A diagnostic whose place is still an offset: lines and columns are counted for those that are told.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    at: usize,
    path: String,
    message: String,
    help: String,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(breaks).collect(),
            errors: Vec::new(),
            warnings: Vec::new(),
            broken_lines: BTreeSet::new(),
        }
    }

    /// The piece of the file at `span`: its first line, cut where it is long.
    pub(crate) fn quote(&self, span: &Range<usize>) -> String {
        let piece = self.text.get(span.clone()).unwrap_or_default();
        cut(piece.lines().next().unwrap_or_default(), QUOTE_MAX)
    }

    /// The number of the line at `offset`, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// The whole line at `offset`.
    pub(crate) fn line_text(&self, offset: usize) -> &'t str {
        let rest = self.text.get(self.line_start(self.line(offset))..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    /// Notes an error.
    pub(crate) fn error(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !self.broken_lines.contains(&self.line(at)) {
            self.errors.push(Found::new(at, path, message, help));
        }
    }

    /// Notes that something is not in the file. Where the file is not TOML it may only have been lost, so nothing is noted.
    pub(crate) fn absent(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.broken_lines.is_empty() {
            self.error(at, path, message, help);
        }
    }

    /// Notes something legal that is hardly meant.
    pub(crate) fn warning(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.warnings.push(Found::new(at, path, message, help));
    }

    /// Notes that a line is not TOML.
    pub(crate) fn syntax_error(&mut self, at: usize, message: String, help: String) {
        self.errors.push(Found::new(at, "", message, help));
        let line = self.line(at);
        if !self.broken_lines.insert(line) {
            return;
        }
        let rest = self.text.get(self.line_start(line)..).unwrap_or_default();
        let is_header = |line: &&str| line.trim_start().starts_with('[');
        if rest.lines().next().as_ref().is_some_and(is_header) {
            // Whose keys the following ones are is anybody's guess, up to the next header.
            let following = rest.lines().skip(1).take_while(|line| !is_header(line));
            self.broken_lines.extend(line..=line + following.count());
        }
    }

    /// The warnings in the order of the file, or else the errors.
    pub(crate) fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        if self.errors.is_empty() {
            let warnings = std::mem::take(&mut self.warnings);
            return Ok(self.in_order(warnings));
        }
        let errors = std::mem::take(&mut self.errors);
        Err(self.in_order(errors))
    }

    /// A file that is no configuration at all has an error per line; nobody reads thousands.
    fn in_order(&self, mut found: Vec<Found>) -> Vec<Diagnostic> {
        found.sort();
        found.dedup();
        let rest = found.split_off(found.len().min(CONFIG_ERRORS_MAX));
        if let Some(first) = rest.first() {
            let message = format!("{} more errors from here on", rest.len());
            found.push(Found::new(first.at, "", message, ""));
        }
        found.into_iter().map(|one| self.place(one)).collect()
    }

    fn place(&self, found: Found) -> Diagnostic {
        let line = self.line(found.at);
        let before = self.text.get(self.line_start(line)..found.at);
        let before = before.unwrap_or_default().chars();
        Diagnostic {
            line,
            column: before.filter(|c| *c != '\u{feff}').count() + 1,
            path: found.path,
            message: found.message,
            help: found.help,
        }
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line - 1).copied().unwrap_or_default()
    }
}

impl Found {
    fn new(at: usize, path: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            at,
            path: cut(path, TEXT_MAX),
            message: cut(&message.into(), TEXT_MAX),
            help: cut(&help.into(), TEXT_MAX),
        }
    }
}

/// The text, or its first characters where it is long.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
