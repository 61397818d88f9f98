//! How the story looks in a terminal.

use std::io::{self, IsTerminal, Write};

/// Whether the story is told in colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Off,
    /// ANSI colours.
    On,
}

impl Colour {
    /// Colours for a terminal, unless `NO_COLOR` is set to anything.
    pub fn for_output(output: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if output.is_terminal() && !refused { Self::On } else { Self::Off }
    }
}

/// Writes the story, line by line.
pub struct Teller<'a> {
    out: &'a mut dyn Write,
    colour: Colour,
}

/// One request, or some that went alike.
pub(crate) struct Row<'a> {
    /// What was asked: `GET /`.
    pub(crate) what: &'a str,
    /// Who answered.
    pub(crate) instance: &'a str,
    /// Why it was they.
    pub(crate) verdict: &'a str,
    /// What the answer said, or what it means.
    pub(crate) text: &'a str,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const MAGENTA: &str = "35";

impl<'a> Teller<'a> {
    /// Tells it there.
    pub fn new(out: &'a mut dyn Write, colour: Colour) -> Self {
        Self { out, colour }
    }

    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(BOLD, text);
        writeln!(self.out, "\n{text}")
    }

    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(DIM, text);
        writeln!(self.out, "   {text}")
    }

    pub(crate) fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let instance = format!("{:<11}", row.instance);
        let instance = self.paint(instance_colour(row.instance), &instance);
        let verdict = format!("{:<17}", row.verdict);
        let verdict = self.paint(verdict_colour(row.verdict), &verdict);
        writeln!(self.out, "     {:<12} → {instance} {verdict} {}", row.what, row.text)?;
        self.out.flush()
    }

    pub(crate) fn claim(&mut self, text: &str, came_true: bool) -> io::Result<()> {
        let mark = if came_true { self.paint(GREEN, "✓") } else { self.paint(RED, "✗") };
        writeln!(self.out, "   {mark} {text}")
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }
}

fn instance_colour(name: &str) -> &'static str {
    if name.ends_with("-a") { CYAN } else { MAGENTA }
}

/// Green: at home. Yellow: a new home. Red: neither.
fn verdict_colour(verdict: &str) -> &'static str {
    match verdict {
        "hit" => GREEN,
        "off" => DIM,
        "detour" => RED,
        _ => YELLOW,
    }
}
