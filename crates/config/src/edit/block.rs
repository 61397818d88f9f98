//! A header and what follows it, up to the next one.

use std::cell::OnceCell;

use clingfish_model::Setting;

use super::{
    Document, EditError,
    find::{Site, Step},
    list::{self, Splices, indent, line_end, line_start},
    render,
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

    /// A new one.
    pub(super) fn new(
        keys: Vec<String>,
        is_list: bool,
        settings: &[(&str, Setting)],
        newline: &str,
    ) -> Self {
        let written: Vec<String> = keys.iter().map(|key| render::key(key)).collect();
        let (open, close) = if is_list { ("[[", "]]") } else { ("[", "]") };
        let mut text = format!("{open}{}{close}{newline}", written.join("."));
        for (key, setting) in settings {
            text.push_str(&render::statement(&render::dotted(key), setting, "", newline));
            text.push_str(newline);
        }
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
        self.text = list::spliced(&self.text, &splices);
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

    /// Changes it as if it were the only block of a file.
    pub(super) fn alone(
        &mut self,
        newline: &'static str,
        change: impl FnOnce(&mut Document, Site),
    ) {
        let block = Self {
            text: std::mem::take(&mut self.text),
            header: self.header.clone(),
            path: self.path.clone(),
            read: OnceCell::new(),
        };
        let mut document = Document::of(vec![block], newline);
        change(&mut document, Site { block: 0, route: Vec::new() });
        self.text = document.blocks.pop().map(|block| block.text).unwrap_or_default();
        self.read = OnceCell::new();
    }

    /// Takes over what was behind the block that went from behind this one. Comments that stand alone stay.
    pub(super) fn take_over(&mut self, tail: &str, was_last: bool) {
        if was_last {
            self.trim_end();
            self.push(tail);
        } else if !tail.trim().is_empty() {
            let rest = tail.trim_start_matches(['\r', '\n']);
            self.push(if ends_blank(&self.text) { rest } else { tail });
        } else if !self.text.is_empty() && !ends_blank(&self.text) {
            self.push(tail);
        }
    }

    /// Puts a blank line on either side of it, which comes behind `before`.
    pub(super) fn part(&mut self, before: Option<&mut Self>, is_followed: bool, newline: &str) {
        if let Some(before) = before {
            if before.header.is_some() && before.tail().contains('#') {
                // Comments that stand alone are about what comes next.
                let tail = before.cut_tail();
                before.push(newline);
                return self.push(&tail);
            }
            if !before.text.is_empty() && !ends_blank(&before.text) {
                before.push(newline);
            }
        }
        if is_followed {
            self.push(newline);
        }
    }

    /// Puts more behind its last line.
    pub(super) fn push(&mut self, more: &str) {
        self.text.push_str(more);
        self.read = OnceCell::new();
    }
}

fn ends_blank(text: &str) -> bool {
    text.strip_suffix('\n').is_some_and(|rest| {
        let last = rest.rsplit('\n').next().unwrap_or_default();
        last.trim().is_empty()
    })
}
