//! Classifies a head, line by line. It need not be one that we accept.

use crate::{
    bytes::{is_token_byte, split_once, trim},
    desync::{
        Reason,
        resemblance::{CONTENT_LENGTH, Resemblance, TRANSFER_ENCODING, compare},
    },
    facts::read_content_length,
};

/// Codings that exist.
const CODINGS: [&[u8]; 5] = [b"chunked", b"compress", b"deflate", b"gzip", b"identity"];

/// The worst so far: of two in one class the first.
#[derive(Clone, Copy, Debug, Default)]
struct Worst(Option<Reason>);

impl Worst {
    fn add(&mut self, reason: Reason) {
        if self.0.is_none_or(|worst| worst.class() < reason.class()) {
            self.0 = Some(reason);
        }
    }
}

/// Classifies a head; all its lines end in CR LF, the empty one at its end may be missing.
#[cold]
pub(crate) fn classify(head: &[u8]) -> Option<Reason> {
    let mut worst = Worst::default();
    let (line, mut rest) = split_once(head, b'\n').unwrap_or((head, b""));
    let line = StartLine::of(without_cr(line));
    let mut framing = Framing::default();
    while let Some((field, after)) = split_once(rest, b'\n') {
        let field = without_cr(field);
        if !field.is_empty() {
            framing.judge_field(field, &mut worst);
        }
        rest = after;
    }
    framing.judge(&line, &mut worst);
    line.judge(&mut worst);
    worst.0
}

/// Classifies a start line alone.
pub(super) fn start_line(line: &[u8]) -> Option<Reason> {
    let mut worst = Worst::default();
    StartLine::of(line).judge(&mut worst);
    worst.0
}

/// Classifies a version; nothing is HTTP/0.9.
pub(super) fn version(version: &[u8]) -> Option<Reason> {
    let bare = trim(version);
    match bare {
        b"HTTP/1.0" | b"HTTP/1.1" if bare.len() == version.len() => None,
        b"" | b"HTTP/0.9" => Some(Reason::NonCompliantVersion),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'] => {
            Some(Reason::NonCompliantVersion)
        }
        _ => Some(Reason::BadVersion),
    }
}

/// A start line taken apart: the method ends at the first space, the version begins at the last.
struct StartLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
    has_target: bool,
}

impl<'a> StartLine<'a> {
    fn of(line: &'a [u8]) -> Self {
        let (method, rest) = split_once(line, b' ').unwrap_or((line, b""));
        // White space behind the version is of the version.
        let end = rest.iter().rposition(|byte| is_token_byte(*byte)).map_or(0, |at| at + 1);
        let last_space = rest.iter().take(end).rposition(|&byte| byte == b' ');
        let (target, version) = match last_space {
            Some(at) => {
                (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default())
            }
            // No version is HTTP/0.9, unless it is the target that is missing.
            None if rest.starts_with(b"HTTP/1.") => (b"".as_slice(), rest),
            None => (rest, b"".as_slice()),
        };
        let has_target = last_space.is_some() || !target.is_empty();
        Self { method, target, version, has_target }
    }

    fn judge(&self, worst: &mut Worst) {
        if !self.has_target {
            worst.add(Reason::AmbiguousUri);
        }
        if !self.method.iter().copied().all(is_token_byte) {
            worst.add(Reason::BadMethod);
        }
        if let Some(reason) = version(self.version) {
            worst.add(reason);
        }
        // A second version in the line: the target ends in front of it for some parsers.
        if self.target.split(|&byte| byte == b' ').skip(1).any(|part| part.starts_with(b"HTTP/")) {
            worst.add(Reason::BadVersion);
        }
        for byte in self.target {
            match byte {
                b'\r' | b'\n' | 0 => worst.add(Reason::BadUri),
                b' ' => worst.add(Reason::SpaceInUri),
                byte if byte.is_ascii_control() => worst.add(Reason::AmbiguousUri),
                _ => {}
            }
        }
    }

    /// Whether a body has no meaning with that method.
    fn is_get_or_head(&self) -> bool {
        matches!(self.method, b"GET" | b"HEAD")
    }
}

/// What the fields say about framing.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    has_coding: bool,
    is_chunked: bool,
    /// Found while the fields were read, added after them: what is wrong in a line comes first.
    worst: Worst,
}

impl Framing {
    fn judge_field(&mut self, line: &[u8], worst: &mut Worst) {
        let Some((name, value)) = split_once(line, b':') else {
            let is_folded = matches!(line, [b' ' | b'\t', ..]);
            // A value that goes on in the next line has CR LF in it.
            return worst.add(if is_folded { Reason::BadHeader } else { Reason::EmptyHeader });
        };
        let has_cut = [name, value].iter().any(|part| part.iter().any(|b| matches!(b, b'\r' | 0)));
        let is_text = |byte: &u8| !byte.is_ascii_control() || *byte == b'\t';
        if has_cut {
            worst.add(Reason::BadHeader);
        } else if !name.iter().copied().all(is_token_byte) || !value.iter().all(is_text) {
            worst.add(Reason::NonCompliantHeader);
        }
        if trim(name).is_empty() {
            return worst.add(Reason::EmptyHeader);
        }
        let coding = compare(name, TRANSFER_ENCODING);
        let length = compare(name, CONTENT_LENGTH);
        if coding == Resemblance::Close || length == Resemblance::Close {
            if has_cut {
                return;
            }
            worst.add(Reason::SuspiciousHeader);
        }
        if coding != Resemblance::None {
            self.add_codings(value);
        } else if length != Resemblance::None {
            self.add_length(value);
        }
    }

    fn add_codings(&mut self, value: &[u8]) {
        self.has_coding = true;
        for coding in value.split(|&byte| byte == b',') {
            let coding = coding.split(|&byte| byte == b';').next().map(trim).unwrap_or_default();
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            if !CODINGS.iter().any(|known| coding.eq_ignore_ascii_case(known)) {
                self.worst.add(Reason::BadTransferEncoding);
            } else if is_chunked && std::mem::replace(&mut self.is_chunked, true) {
                self.worst.add(Reason::MultipleTransferEncodingChunked);
            }
        }
    }

    fn add_length(&mut self, value: &[u8]) {
        let Ok(length) = read_content_length(trim(value)) else {
            return self.worst.add(Reason::BadContentLength);
        };
        match self.length {
            None => self.length = Some(length),
            Some(first) if first == length => self.worst.add(Reason::DuplicateContentLength),
            Some(_) => self.worst.add(Reason::MultipleContentLength),
        }
    }

    fn judge(&self, line: &StartLine<'_>, worst: &mut Worst) {
        let is_old = line.version != b"HTTP/1.1";
        if is_old && self.has_coding {
            return worst.add(Reason::UndefinedTransferEncodingSemantics);
        }
        if let Some(reason) = self.worst.0 {
            worst.add(reason);
        }
        if line.is_get_or_head() {
            if self.has_coding {
                worst.add(Reason::UndefinedTransferEncodingSemantics);
            }
            match self.length {
                Some(0) => worst.add(Reason::GetHeadZeroContentLength),
                Some(_) => worst.add(Reason::UndefinedContentLengthSemantics),
                None => {}
            }
        }
        if self.has_coding && self.length.is_some() {
            worst.add(Reason::BothTeClPresent);
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
