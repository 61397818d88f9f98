//! The key ring as a file: one line per key, times for people, secrets in base64.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clingfish_model::UnixMillis;
use zeroize::{Zeroize, Zeroizing};

use super::{Key, KeyId, KeyRing, Secret};
use crate::date;

const FIRST_LINE: &str = "clingfish key ring 1";
const NOTICE: &str = "# Whoever reads this file can send clients to targets of their choice, and open TLS session tickets. Keep it to yourself.";
const NEVER: &str = "never";
/// More than any line of ours, so that the text is never moved while it grows and no copy of a secret stays behind.
const LINE_BYTES: usize = 256;

impl KeyRing {
    /// The ring as text, for its file. Wiped when dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity((self.keys.len() + 2) * LINE_BYTES));
        text.push_str(FIRST_LINE);
        text.push('\n');
        text.push_str(NOTICE);
        text.push('\n');
        for key in &self.keys {
            push_key(&mut text, key);
        }
        text
    }

    /// Reads what [`Self::to_text`] wrote. Blank lines and lines that start with `#` do not count.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut lines = text.lines().zip(1..);
        if lines.next().map(|(line, _)| line.trim_end()) != Some(FIRST_LINE) {
            return Err(Problem::FirstLine.at(1));
        }
        let mut keys: Vec<Key> = Vec::with_capacity(Self::KEYS_MAX);
        let mut last = 1;
        for (line, number) in lines {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = parse_key(line).map_err(|problem| problem.at(number))?;
            check_next(&keys, &key).map_err(|problem| problem.at(number))?;
            keys.push(key);
            last = number;
        }
        match keys.last() {
            None => Err(Problem::NoKey.at(last)),
            Some(newest) if newest.retires_at.is_some() => Err(Problem::NewestRetires.at(last)),
            Some(_) => Ok(Self::of(keys)),
        }
    }
}

fn push_key(text: &mut String, key: &Key) {
    let mut secret = [0; 43];
    URL_SAFE_NO_PAD.encode_slice(key.secret.0, &mut secret).expect("32 bytes are 43 characters");
    let retires = key.retires_at.map_or_else(|| NEVER.to_owned(), date::rfc3339);
    let (created, seals) = (date::rfc3339(key.created), date::rfc3339(key.seals_from));
    write!(text, "key {} created {created} seals {seals} retires {retires} secret ", key.id)
        .expect("a string takes any text");
    text.extend(secret.iter().copied().map(char::from));
    text.push('\n');
    secret.zeroize();
}

fn parse_key(line: &str) -> Result<Key, Problem> {
    let mut words = line.split_ascii_whitespace();
    let mut word_after = |label: &str| match (words.next(), words.next()) {
        (Some(found), Some(word)) if found == label => Ok(word),
        _ => Err(Problem::Layout),
    };
    let id = word_after("key")?;
    let created = word_after("created")?;
    let seals = word_after("seals")?;
    let retires = word_after("retires")?;
    let secret = word_after("secret")?;
    if words.next().is_some() {
        return Err(Problem::Layout);
    }
    Ok(Key::new(
        parse_id(id).ok_or(Problem::Id)?,
        parse_secret(secret).ok_or(Problem::Secret)?,
        parse_time(created)?,
        parse_time(seals)?,
        (retires != NEVER).then(|| parse_time(retires)).transpose()?,
    ))
}

fn parse_id(word: &str) -> Option<KeyId> {
    let four_digits = word.len() == 4 && word.bytes().all(|c| c.is_ascii_hexdigit());
    let id = u16::from_str_radix(word, 16).ok().filter(|_| four_digits)?;
    KeyId::new(id)
}

fn parse_time(word: &str) -> Result<UnixMillis, Problem> {
    date::parse_rfc3339(word).ok_or(Problem::Time)
}

fn parse_secret(word: &str) -> Option<Secret> {
    let mut secret = Secret::new([0; 32]);
    let length = URL_SAFE_NO_PAD.decode_slice(word, &mut secret.0).ok()?;
    (length == secret.0.len()).then_some(secret)
}

/// Whether `key` may follow `keys`.
fn check_next(keys: &[Key], key: &Key) -> Result<(), Problem> {
    if keys.len() >= KeyRing::KEYS_MAX {
        return Err(Problem::TooManyKeys);
    }
    if keys.iter().any(|other| other.id == key.id) {
        return Err(Problem::IdTwice);
    }
    let Some(previous) = keys.last() else {
        return Ok(());
    };
    if key.seals_from < previous.seals_from {
        return Err(Problem::Order);
    }
    match previous.retires_at {
        Some(at) if at >= key.seals_from => Ok(()),
        _ => Err(Problem::RetiresTooEarly),
    }
}

/// Why a text is not a key ring, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct KeyRingError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a line of a key ring. Never quotes the line, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Another kind of file, or a later version.
    #[error("a key ring starts with \"{FIRST_LINE}\"")]
    FirstLine,
    /// Not the words of a key line.
    #[error(
        "a key reads: key <id> created <time> seals <time> retires <time or never> secret <base64>"
    )]
    Layout,
    /// Not an id.
    #[error("a key id is four hexadecimal digits, not all zero")]
    Id,
    /// Not a time.
    #[error("a time reads 2026-01-31T12:00:00.000Z")]
    Time,
    /// Not 32 bytes.
    #[error("a secret is 32 bytes as 43 characters of URL-safe base64")]
    Secret,
    /// Two keys cannot be told apart.
    #[error("another key has this id")]
    IdTwice,
    /// Not oldest first.
    #[error("keys stand in the order in which they seal")]
    Order,
    /// Nothing would open what it seals.
    #[error("the key before this one retires before this one seals")]
    RetiresTooEarly,
    /// Nothing would seal after it.
    #[error("the newest key retires: nothing would seal after it")]
    NewestRetires,
    /// A ring of nothing.
    #[error("there is no key")]
    NoKey,
    /// More than [`KeyRing::KEYS_MAX`].
    #[error("there are more than {} keys", KeyRing::KEYS_MAX)]
    TooManyKeys,
}

impl Problem {
    fn at(self, line: usize) -> KeyRingError {
        KeyRingError { line, problem: self }
    }
}
