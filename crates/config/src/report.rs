//! Collects errors and warnings while a file is read, so that all are told at once.

use std::{collections::BTreeSet, ops::Range};

use clingfish_model::limits::CONFIG_ERRORS_MAX;

use crate::Diagnostic;

/// Longest piece of the file that a message quotes, in characters.
const QUOTE_MAX: usize = 60;

/// The text being read, and what was found in it.
pub(crate) struct Report<'t> {
    text: &'t str,
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Lines that are not TOML: what they mean is a guess, so nothing else is said about them.
    broken_lines: BTreeSet<usize>,
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

    /// The piece of the file at `span`, cut where it is long.
    pub(crate) fn quote(&self, span: &Range<usize>) -> String {
        let piece = self.text.get(span.clone()).unwrap_or_default();
        let piece = piece.lines().next().unwrap_or_default();
        if piece.chars().count() <= QUOTE_MAX {
            return piece.to_owned();
        }
        let start: String = piece.chars().take(QUOTE_MAX).collect();
        format!("{start}...")
    }

    /// The number of the line at `offset`, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Notes an error.
    pub(crate) fn error(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.broken_lines.contains(&self.line(at)) {
            return;
        }
        let error = self.diagnostic(at, path, message.into(), help.into());
        self.errors.push(error);
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

    /// Notes that a line is not TOML.
    pub(crate) fn syntax_error(&mut self, at: usize, message: String, help: String) {
        let error = self.diagnostic(at, "", message, help);
        self.broken_lines.insert(error.line);
        self.errors.push(error);
    }

    /// Notes something legal that is hardly meant.
    pub(crate) fn warning(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let warning = self.diagnostic(at, path, message.into(), help.into());
        self.warnings.push(warning);
    }

    /// The warnings in the order of the file, or else the errors.
    pub(crate) fn finish(self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        if self.errors.is_empty() {
            Ok(in_order(self.warnings))
        } else {
            Err(first_ones(in_order(self.errors)))
        }
    }

    fn diagnostic(&self, at: usize, path: &str, message: String, help: String) -> Diagnostic {
        let line = self.line(at);
        let start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..at).unwrap_or_default();
        Diagnostic {
            line,
            column: before.chars().filter(|c| *c != '\u{feff}').count() + 1,
            path: path.to_owned(),
            message,
            help,
        }
    }
}

fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|one| (one.line, one.column));
    found.dedup();
    found
}

/// A file that is no configuration at all has an error per line; nobody reads thousands.
fn first_ones(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = errors.len().saturating_sub(CONFIG_ERRORS_MAX);
    errors.truncate(CONFIG_ERRORS_MAX);
    if let (1.., Some(last)) = (more, errors.last().cloned()) {
        errors.push(Diagnostic {
            path: String::new(),
            message: format!("{more} more errors from here on"),
            help: String::new(),
            ..last
        });
    }
    errors
}
