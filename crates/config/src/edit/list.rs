//! Adds things to a list or a table in braces, and takes them away, in the style that is there.

use std::ops::Range;

use super::render;

/// The bytes to replace, and by what. In the order of the text, none touching another.
pub(super) type Splices = Vec<(Range<usize>, String)>;

/// A list or table in its text.
pub(super) struct List<'t> {
    pub(super) text: &'t str,
    /// From bracket to bracket, both included.
    pub(super) at: Range<usize>,
    /// What is in it.
    pub(super) things: &'t [Range<usize>],
    pub(super) is_table: bool,
    pub(super) newline: &'t str,
}

impl List<'_> {
    /// Puts a thing at the end.
    pub(super) fn append(&self, thing: &str) -> Splices {
        let Some(last) = self.things.last() else {
            return self.fill(thing);
        };
        let broken =
            if self.comma_after(last.end).is_none() { self.broken_up(thing) } else { None };
        broken.unwrap_or_else(|| self.append_behind(last, thing))
    }

    /// Puts a thing behind the last one, in its style. What is before and behind these two is not looked at.
    pub(super) fn append_behind(&self, last: &Range<usize>, thing: &str) -> Splices {
        let inner_end = self.at.end - 1;
        let comma = self.comma_after(last.end);
        let line_end = line_end(self.text, comma.map_or(last.end, |at| at + 1));
        let has_lines = self.begins_line(last.start) && line_end <= inner_end;
        if has_lines {
            let indent = indent(self.text, last.start);
            let comma_too = if comma.is_some() { "," } else { "" };
            let line = format!("{indent}{thing}{comma_too}{}", self.newline);
            let mut splices = Splices::new();
            if comma.is_none() {
                splices.push((last.end..last.end, ",".into()));
            }
            splices.push((line_end..line_end, line));
            return splices;
        }
        match comma {
            Some(at) => vec![(at + 1..at + 1, format!(" {thing},"))],
            None => vec![(last.end..last.end, format!(", {thing}"))],
        }
    }

    /// The first thing in an empty one.
    fn fill(&self, thing: &str) -> Splices {
        let inner = self.at.start + 1..self.at.end - 1;
        let body = self.text.get(inner.clone()).unwrap_or_default();
        if body.contains('\n') && self.begins_line(inner.end) {
            let start = line_start(self.text, inner.end);
            let indent = indent(self.text, inner.end);
            return vec![(start..start, format!("{indent}    {thing},{}", self.newline))];
        }
        let thing = if self.is_table { format!(" {thing} ") } else { thing.to_owned() };
        if body.trim().is_empty() {
            return vec![(inner, thing)];
        }
        vec![(inner.start..inner.start, thing)]
    }

    /// A list on one line that would become too long gets a line for each thing.
    fn broken_up(&self, thing: &str) -> Option<Splices> {
        let whole = self.text.get(self.at.clone())?;
        let start = line_start(self.text, self.at.start);
        let line = self.text.get(start..line_end(self.text, self.at.end))?;
        let columns = line.trim_end().chars().count() + thing.chars().count() + 2;
        let key = self.text.get(start..self.at.start)?;
        let is_nested = key.matches(['[', '{']).count() > 0;
        if self.is_table || columns <= render::COLUMNS || whole.contains('\n') || is_nested {
            return None;
        }
        let mut things: Vec<&str> =
            self.things.iter().filter_map(|at| self.text.get(at.clone())).collect();
        things.push(thing);
        let indent = indent(self.text, self.at.start);
        Some(vec![(self.at.clone(), render::lines(&things, indent, self.newline))])
    }

    /// Takes the thing at `index` away.
    pub(super) fn remove(&self, index: usize) -> Splices {
        let Some(thing) = self.things.get(index) else { return Splices::new() };
        let before = index.checked_sub(1).and_then(|index| self.things.get(index));
        let next = self.things.get(index + 1);
        let comma = self.comma_after(thing.end);
        let end = comma.map_or(thing.end, |at| at + 1);
        let rest = line_end(self.text, end);
        let fills_lines = self.begins_line(thing.start)
            && rest < self.at.end
            && next.is_none_or(|next| next.start >= rest);
        if fills_lines {
            let mut splices = Splices::new();
            let comma_before = before.and_then(|before| self.comma_after(before.end));
            if let (None, Some(at)) = (comma, comma_before) {
                splices.push((at..at + 1, String::new()));
            }
            splices.push((line_start(self.text, thing.start)..rest, String::new()));
            return splices;
        }
        let is_blank = |range: Range<usize>| {
            self.text.get(range).is_some_and(|text| text.trim_matches([' ', '\t', ',']).is_empty())
        };
        if let Some(next) = next.filter(|next| is_blank(thing.end..next.start)) {
            return vec![(thing.start..next.start, String::new())];
        }
        match before {
            Some(before) if next.is_none() && is_blank(before.end..thing.start) => {
                vec![(before.end..thing.end, String::new())]
            }
            None if next.is_none()
                && is_blank(self.at.start + 1..thing.start)
                && is_blank(thing.end..self.at.end - 1) =>
            {
                vec![(self.at.start + 1..self.at.end - 1, String::new())]
            }
            Some(before) if comma.is_some() && is_blank(before.end..thing.start) => {
                let start = self.comma_after(before.end).map_or(before.end, |at| at + 1);
                vec![(start..end, String::new())]
            }
            Some(before) if comma.is_none() => {
                // A comma that stays would be one too many.
                let at = self.comma_after(before.end);
                let mut splices: Splices =
                    at.map(|at| (at..at + 1, String::new())).into_iter().collect();
                splices.push((thing.clone(), String::new()));
                splices
            }
            _ => vec![(thing.start..end, String::new())],
        }
    }

    /// Where the comma behind a thing is; comments and breaks may stand between them.
    pub(super) fn comma_after(&self, from: usize) -> Option<usize> {
        let rest = self.text.get(from..self.at.end)?;
        let mut is_comment = false;
        for (at, c) in rest.char_indices() {
            match c {
                '\n' => is_comment = false,
                _ if is_comment => {}
                '#' => is_comment = true,
                ',' => return Some(from + at),
                c if c.is_whitespace() => {}
                _ => return None,
            }
        }
        None
    }

    fn begins_line(&self, at: usize) -> bool {
        let start = line_start(self.text, at);
        start > self.at.start && self.text.get(start..at).is_some_and(|text| text.trim().is_empty())
    }
}

/// The text with these bytes replaced.
pub(super) fn spliced(text: &str, splices: &Splices) -> String {
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    for (range, with) in splices {
        new.push_str(text.get(from..range.start).unwrap_or_default());
        new.push_str(with);
        from = range.end;
    }
    new.push_str(text.get(from..).unwrap_or_default());
    new
}

/// The first byte of the line.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1)
}

/// The byte behind the line's break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|text| text.find('\n')).map_or(text.len(), |end| at + end + 1)
}

/// The blanks that the line begins with.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..).unwrap_or_default();
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..blanks).unwrap_or_default()
}
