//! A scan of JSON for members of certain names, without a tree.

use clingfish_model::{limits::SESSION_ID_BYTES_MAX, stickiness::IdBirth};

use super::{body::Looking, digit};

/// Where a scan stands.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// Bytes before the first bracket.
    skipped: usize,
    /// Open brackets.
    depth: usize,
    /// Whether the outer two are objects.
    is_object: [bool; LEVELS],
    /// The next string is the name of a member.
    expects_name: bool,
    /// The next string is the value of a member that was asked for.
    is_wanted: bool,
    string: Option<Text>,
    /// How many members have been found.
    found: usize,
}

/// How deep members are looked for.
const LEVELS: usize = 2;

/// Bytes that may come before the JSON: Engine.IO puts a digit there, its third version a length too.
const PREFIX_BYTES_MAX: usize = 16;

/// A string that is being read.
#[derive(Debug)]
struct Text {
    kind: Kind,
    /// What it says; only its beginning once it is longer than any id.
    text: Vec<u8>,
    escape: Escape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Value,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// After a backslash.
    Begun,
    /// After `\u`: digits still to come, and what they say so far.
    Unicode {
        left: u8,
        code: u16,
    },
}

impl Json {
    pub(super) fn feed(
        &mut self,
        data: &[u8],
        births: &[IdBirth],
        found: &mut impl FnMut(&[u8]),
    ) -> Looking {
        let wanted = births.iter().filter(|birth| matches!(birth, IdBirth::Json(_))).count();
        for byte in data {
            if let Some(mut string) = self.string.take() {
                if string.goes_on(*byte) {
                    self.string = Some(string);
                } else {
                    self.end_string(&string, births, found);
                    if self.found >= wanted {
                        return Looking::Done;
                    }
                }
                continue;
            }
            match self.structure(*byte) {
                Looking::On => {}
                over => return over,
            }
        }
        Looking::On
    }

    /// A byte outside of strings.
    fn structure(&mut self, byte: u8) -> Looking {
        match byte {
            b'{' | b'[' => {
                if let Some(is_object) = self.is_object.get_mut(self.depth) {
                    *is_object = byte == b'{';
                }
                self.depth += 1;
                self.begin_member();
            }
            _ if self.depth == 0 => {
                self.skipped += 1;
                let is_framing = byte.is_ascii_digit()
                    || byte.is_ascii_whitespace()
                    || matches!(byte, b':' | 0..=9 | 0xff | 0xef | 0xbb | 0xbf);
                if !is_framing || self.skipped > PREFIX_BYTES_MAX {
                    return Looking::GivenUp;
                }
            }
            b'}' | b']' => {
                self.depth -= 1;
                (self.expects_name, self.is_wanted) = (false, false);
                if self.depth == 0 {
                    return Looking::Done;
                }
            }
            b',' => self.begin_member(),
            b'"' => {
                let kind = match (self.expects_name, self.is_wanted) {
                    (true, _) => Kind::Name,
                    (false, true) => Kind::Value,
                    (false, false) => Kind::Other,
                };
                self.string = Some(Text { kind, text: Vec::new(), escape: Escape::None });
            }
            _ => {}
        }
        Looking::On
    }

    fn begin_member(&mut self) {
        let level = self.depth.checked_sub(1).and_then(|level| self.is_object.get(level));
        self.expects_name = level.copied().unwrap_or(false);
        self.is_wanted = false;
    }

    fn end_string(&mut self, string: &Text, births: &[IdBirth], found: &mut impl FnMut(&[u8])) {
        match string.kind {
            Kind::Name => {
                self.expects_name = false;
                self.is_wanted = births.iter().any(
                    |birth| matches!(birth, IdBirth::Json(name) if name.as_bytes() == string.text),
                );
            }
            Kind::Value => {
                self.is_wanted = false;
                self.found += 1;
                found(&string.text);
            }
            Kind::Other => {}
        }
    }
}

impl Text {
    /// Takes a byte; false where it ends the string.
    fn goes_on(&mut self, byte: u8) -> bool {
        match self.escape {
            Escape::None => match byte {
                b'"' => return false,
                b'\\' => self.escape = Escape::Begun,
                _ => self.push(byte),
            },
            Escape::Begun => {
                self.escape = Escape::None;
                match byte {
                    b'u' => self.escape = Escape::Unicode { left: 4, code: 0 },
                    b'n' => self.push(b'\n'),
                    b't' => self.push(b'\t'),
                    b'r' => self.push(b'\r'),
                    b'b' => self.push(8),
                    b'f' => self.push(12),
                    _ => self.push(byte),
                }
            }
            Escape::Unicode { left, code } => {
                let code = code << 4 | digit(byte).map_or(0, u16::from);
                self.escape = Escape::Unicode { left: left - 1, code };
                if left == 1 {
                    self.escape = Escape::None;
                    let mut utf8 = [0; 4];
                    // Ids are ASCII; halves of a pair beyond that stand for nothing.
                    let character = char::from_u32(code.into()).unwrap_or('\u{fffd}');
                    for byte in character.encode_utf8(&mut utf8).bytes() {
                        self.push(byte);
                    }
                }
            }
        }
        true
    }

    fn push(&mut self, byte: u8) {
        // One byte more than an id may have tells that it is none.
        if self.kind != Kind::Other && self.text.len() <= SESSION_ID_BYTES_MAX {
            self.text.push(byte);
        }
    }
}
