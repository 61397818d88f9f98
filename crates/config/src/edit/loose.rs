//! A list in brackets, taken apart for many changes.

use std::ops::Range;

use super::{
    list::{List, Splices, line_start, spliced},
    order::Order,
};

/// Stands for a neighbour whose text does not matter.
const NEIGHBOUR: &str = "0";

/// The things of a list, and what is between them. What [`List`] makes of a change is decided by the thing and by what
/// is between it and its neighbours; so a change costs as much as these are long, and not as the list is.
#[derive(Debug)]
pub(super) struct LooseList {
    /// From the bracket to the first thing.
    lead: String,
    things: Vec<Thing>,
    order: Order,
    /// Whether its line has brackets before it: then it stays on one line.
    is_nested: bool,
    /// The line breaks in it.
    breaks: usize,
    newline: &'static str,
}

/// A thing, and what is behind it up to the next one or to the bracket.
#[derive(Debug)]
struct Thing {
    text: String,
    rest: String,
}

impl LooseList {
    /// The list that is at these bytes of a text, whose things are at those.
    pub(super) fn new(
        text: &str,
        at: Range<usize>,
        things: &[Range<usize>],
        newline: &'static str,
    ) -> Self {
        let part = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
        let inner_end = at.end - 1;
        let ends = things.iter().skip(1).map(|next| next.start).chain([inner_end]);
        let thing = |(thing, end): (&Range<usize>, usize)| Thing {
            text: part(thing.clone()),
            rest: part(thing.end..end),
        };
        let first = things.first().map_or(inner_end, |first| first.start);
        Self {
            lead: part(at.start + 1..first),
            things: things.iter().zip(ends).map(thing).collect(),
            order: Order::new(things.len()),
            is_nested: part(line_start(text, at.start)..at.start).contains(['[', '{']),
            breaks: breaks(text.get(at).unwrap_or_default()),
            newline,
        }
    }

    /// A thing as it is written.
    pub(super) fn text(&self, at: usize) -> &str {
        self.things.get(at).map_or("", |thing| &thing.text)
    }

    /// Writes another one in its place.
    pub(super) fn overwrite(&mut self, at: usize, text: String) {
        if let Some(thing) = self.things.get_mut(at) {
            self.breaks = self.breaks + breaks(&text) - breaks(&thing.text);
            thing.text = text;
        }
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, at: usize) {
        let (before, behind) = (self.order.before(at), self.order.behind(at));
        let window = self.window(before, Some(at), behind);
        let splices = window.list(self.newline).remove(usize::from(before.is_some()));
        let left = window.inside(&spliced(&window.text, &splices)).to_owned();
        self.breaks = self.breaks + breaks(&left) - breaks(&window.text);
        self.order.remove(at);
        *self.behind_mut(before) = left;
    }

    /// Puts one at the end and says its number, unless the list has to be seen whole for that.
    pub(super) fn append(&mut self, text: &str) -> Option<usize> {
        let last = self.order.last();
        let window = self.window(last.and_then(|last| self.order.before(last)), last, None);
        let list = window.list(self.newline);
        let splices = match list.things.last() {
            None => list.append(text),
            Some(last) if self.may_stay_as_it_is(&list, last) => list.append_behind(last, text),
            Some(_) => return None,
        };
        let start = window.things.last().map_or(window.open, |last| last.end);
        let at = start_of(text, &splices)?;
        let new = spliced(&window.text, &splices);
        let part = |range: Range<usize>| new.get(range).unwrap_or_default().to_owned();
        let between = part(start..at);
        let rest = part(at + text.len()..new.len() - 1);
        self.breaks = self.breaks + breaks(&new) - breaks(&window.text);
        *self.behind_mut(last) = between;
        self.things.push(Thing { text: text.to_owned(), rest });
        Some(self.order.insert(last))
    }

    /// Whether no list like this is broken up into lines.
    fn may_stay_as_it_is(&self, list: &List<'_>, last: &Range<usize>) -> bool {
        self.is_nested || self.breaks > 0 || list.comma_after(last.end).is_some()
    }

    fn behind_mut(&mut self, at: Option<usize>) -> &mut String {
        match at.and_then(|at| self.things.get_mut(at)) {
            Some(thing) => &mut thing.rest,
            None => &mut self.lead,
        }
    }

    /// A list of just this thing, with neighbours where it has them.
    fn window(&self, before: Option<usize>, at: Option<usize>, behind: Option<usize>) -> Window {
        let before = before.and_then(|before| self.things.get(before));
        let mut window = Window { text: "[".into(), things: Vec::new(), open: 1, close: 1 };
        if before.is_some() {
            window.push(NEIGHBOUR);
            window.open += NEIGHBOUR.len();
        }
        window.text.push_str(before.map_or(&self.lead, |before| &before.rest));
        if let Some(thing) = at.and_then(|at| self.things.get(at)) {
            window.push(&thing.text);
            window.text.push_str(&thing.rest);
        }
        if behind.is_some() {
            window.push(NEIGHBOUR);
            window.close += NEIGHBOUR.len();
        }
        window.text.push(']');
        window
    }
}

impl std::fmt::Display for LooseList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}", self.lead)?;
        for thing in self.order.iter().filter_map(|at| self.things.get(at)) {
            write!(f, "{}{}", thing.text, thing.rest)?;
        }
        f.write_str("]")
    }
}

/// A part of a list, as a list.
struct Window {
    text: String,
    things: Vec<Range<usize>>,
    /// How many bytes before and behind the part stand for the others.
    open: usize,
    close: usize,
}

impl Window {
    fn push(&mut self, thing: &str) {
        let start = self.text.len();
        self.text.push_str(thing);
        self.things.push(start..self.text.len());
    }

    fn list(&self, newline: &'static str) -> List<'_> {
        let at = 0..self.text.len();
        List { text: &self.text, at, things: &self.things, is_table: false, newline }
    }

    /// What is left of the part in the text that became of this one.
    fn inside<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.open..text.len() - self.close).unwrap_or_default()
    }
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

/// Where a thing begins that the last of these put in. Before it there are blanks and a comma at most.
fn start_of(thing: &str, splices: &Splices) -> Option<usize> {
    let (last, before) = splices.split_last()?;
    let shift: usize = before.iter().map(|(range, with)| with.len() - range.len()).sum();
    Some(last.0.start + shift + last.1.find(thing)?)
}
