//! A header and what follows it, up to the next one.

use std::cell::OnceCell;

use super::{
    EditError,
    find::Step,
    list::{Splices, indent, line_end, line_start},
    tree::{self, Entry, Header, Statement},
};

/// Part of a file. The first has no header and may be empty.
#[derive(Debug)]
pub(super) struct Block {
    text: String,
    /// The keys of its header, and whether that is one of a list.
    pub(super) header: Option<(Vec<String>, bool)>,
    /// Where it is from the top of the file.
    pub(super) path: Vec<Step>,
    /// Read when somebody asks for it: a change is about few of thousands of blocks.
    read: OnceCell<(Option<Header>, Vec<Entry>)>,
}

/// Cuts a text before each header, and before the comments that stand directly above it.
pub(super) fn cut(text: &str) -> Result<Vec<Block>, EditError> {
    let statements = tree::parse(text)?;
    let headers = statements.into_iter().filter_map(|statement| match statement {
        Statement::Header(header) => Some(header),
        Statement::Entry(_) => None,
    });
    let mut blocks = Vec::new();
    let (mut start, mut header): (usize, Option<Header>) = (0, None);
    for next in headers {
        let end = above(text, line_start(text, next.at.start)).max(start);
        blocks.push(Block::of(text.get(start..end).unwrap_or_default(), header));
        (start, header) = (end, Some(next));
    }
    blocks.push(Block::of(text.get(start..).unwrap_or_default(), header));
    Ok(blocks)
}

/// The first of the comment lines directly above the line at `at`. Those that begin the file are the file's.
fn above(text: &str, at: usize) -> usize {
    let mut start = at;
    while let Some(end) = start.checked_sub(1) {
        let line = line_start(text, end);
        if !text.get(line..end).is_some_and(|line| line.trim_start().starts_with('#')) {
            return start;
        }
        start = line;
    }
    at
}

impl Block {
    fn of(text: &str, header: Option<Header>) -> Self {
        let header = header.map(|header| {
            (header.keys.into_iter().map(|part| part.name).collect(), header.is_list)
        });
        Self { text: text.to_owned(), header, path: Vec::new(), read: OnceCell::new() }
    }

    /// A new one. `text` ends with a line break.
    pub(super) fn new(keys: Vec<String>, is_list: bool, text: String) -> Self {
        Self { text, header: Some((keys, is_list)), path: Vec::new(), read: OnceCell::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its keys and values.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.read().1
    }

    fn read(&self) -> &(Option<Header>, Vec<Entry>) {
        self.read.get_or_init(|| {
            let (mut header, mut entries) = (None, Vec::new());
            // It was read as part of the file, and what changed it since wrote TOML.
            for statement in tree::parse(&self.text).unwrap_or_default() {
                match statement {
                    Statement::Header(found) => header = Some(found),
                    Statement::Entry(entry) => entries.push(entry),
                }
            }
            (header, entries)
        })
    }

    /// Replaces bytes.
    pub(super) fn splice(&mut self, splices: Splices) {
        for (range, text) in splices.into_iter().rev() {
            self.text.replace_range(range, &text);
        }
        self.read = OnceCell::new();
    }

    /// The end of the header's line; the beginning, where there is none.
    fn header_end(&self) -> usize {
        self.read().0.as_ref().map_or(0, |header| line_end(&self.text, header.at.end))
    }

    /// Where a line can be put behind the entry at `after`, or before all entries, and the blanks it begins with.
    pub(super) fn line_after(&self, after: Option<usize>) -> (usize, String) {
        let entries = self.entries();
        match after.and_then(|after| entries.get(after)) {
            Some(entry) => {
                let at = entry.at();
                (line_end(&self.text, at.end), indent(&self.text, at.start).to_owned())
            }
            None => {
                let first = entries.first().map(|entry| indent(&self.text, entry.at().start));
                (self.header_end(), first.unwrap_or_default().to_owned())
            }
        }
    }

    /// The bytes of an entry's lines.
    pub(super) fn lines_of(&self, entry: usize) -> std::ops::Range<usize> {
        let at = self.entries().get(entry).map_or(0..0, Entry::at);
        line_start(&self.text, at.start)..line_end(&self.text, at.end)
    }

    /// What is behind its last line and the comments that go with that: blank lines, and comments that stand alone.
    pub(super) fn tail(&self) -> &str {
        let last = self.entries().last().map(|entry| line_end(&self.text, entry.at().end));
        let mut end = last.unwrap_or_else(|| self.header_end());
        while let Some(line) = self.text.get(end..line_end(&self.text, end)) {
            if !line.trim_start().starts_with('#') {
                break;
            }
            end += line.len();
        }
        self.text.get(end..).unwrap_or_default()
    }

    /// Takes its tail off.
    pub(super) fn cut_tail(&mut self) -> String {
        let tail = self.tail().to_owned();
        self.text.truncate(self.text.len() - tail.len());
        self.read = OnceCell::new();
        tail
    }

    /// Takes blank lines from its end.
    pub(super) fn trim_end(&mut self) {
        let kept = self.text.trim_end().len();
        let end = line_end(&self.text, kept);
        self.text.truncate(if kept == 0 { 0 } else { end });
    }

    /// Puts more behind its last line.
    pub(super) fn push(&mut self, more: &str) {
        self.text.push_str(more);
        self.read = OnceCell::new();
    }
}
