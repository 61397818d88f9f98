//! Tokens that opened lately, so that a client that comes again costs a comparison instead of a cipher.

use clingfish_model::UnixMillis;

use crate::{
    keyring::{KeyId, KeyRing},
    token::{self, Alphabet, OpenError, Opened, Purpose, Sealed, Token},
};

/// A small cache from a token's text to what it says. One per worker; about 190 KB.
///
/// Direct-mapped: each text has one place, the later one stays. Only tokens that opened come in, and nobody but us can make
/// those, so nobody can choose their places. Opening a text gives the same answer with and without it, whatever is in it.
#[derive(Debug)]
pub struct Memo {
    entries: Vec<Option<Entry>>,
    revision: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    text: [u8; Token::TEXT_BYTES],
    kind: (Purpose, Alphabet),
    key: KeyId,
    token: Token,
}

impl Memo {
    /// How many tokens it remembers at the most.
    pub const ENTRIES: usize = 1024;

    /// An empty one, at its full size.
    pub fn new() -> Self {
        Self { entries: vec![None; Self::ENTRIES], revision: 0 }
    }

    /// [`Token::open`], from memory where possible.
    pub fn open(
        &mut self,
        text: &[u8],
        ring: &KeyRing,
        purpose: Purpose,
        alphabet: Alphabet,
        now: UnixMillis,
    ) -> Result<Opened, OpenError> {
        let Ok(text) = <&[u8; Token::TEXT_BYTES]>::try_from(text) else {
            // No token, or one of the compact form, which is rare enough to be opened anew.
            return Token::open(text, ring, purpose, alphabet, now);
        };
        self.follow(ring);
        if let Some(entry) = self.find(text, (purpose, alphabet)) {
            let (_, by_current_key) = ring.opener(entry.key, now).ok_or(OpenError::UnknownKey)?;
            return Ok(Opened { token: entry.token, by_current_key });
        }
        let opened = Token::open(text, ring, purpose, alphabet, now)?;
        self.keep(text, opened.token, (purpose, alphabet));
        Ok(opened)
    }

    /// As [`Self::open`], for a text that only matters for being a token of ours, whatever for.
    pub fn open_any(
        &mut self,
        text: &[u8],
        ring: &KeyRing,
        alphabet: Alphabet,
        now: UnixMillis,
    ) -> Result<Opened, OpenError> {
        // What it was for last time. A guess only: it spares ciphers that would not open it.
        let likely = text.try_into().ok().and_then(|text| {
            let entry = self.entries.get(place(text))?.as_ref()?;
            is_same(&entry.text, text).then_some(entry.kind.0)
        });
        let mut opened = Err(OpenError::Forged);
        for purpose in likely.into_iter().chain(Purpose::OF_COOKIES) {
            if opened != Err(OpenError::Forged) {
                break;
            }
            opened = self.open(text, ring, purpose, alphabet, now);
        }
        opened
    }

    /// Notes a token that was just sealed with a key of `ring`: its client is likely to bring it here.
    pub fn remember(
        &mut self,
        sealed: &Sealed,
        token: &Token,
        ring: &KeyRing,
        purpose: Purpose,
        alphabet: Alphabet,
    ) {
        self.follow(ring);
        if let Ok(text) = sealed.as_bytes().try_into() {
            self.keep(text, *token, (purpose, alphabet));
        }
    }

    /// Forgets everything when the ring is another one.
    fn follow(&mut self, ring: &KeyRing) {
        if self.revision != ring.revision() {
            self.revision = ring.revision();
            self.entries.fill(None);
        }
    }

    fn find(&self, text: &[u8; Token::TEXT_BYTES], kind: (Purpose, Alphabet)) -> Option<&Entry> {
        let entry = self.entries.get(place(text))?.as_ref()?;
        (entry.kind == kind && is_same(&entry.text, text)).then_some(entry)
    }

    fn keep(&mut self, text: &[u8; Token::TEXT_BYTES], token: Token, kind: (Purpose, Alphabet)) {
        let key = token::key_id(text, kind.1);
        if let (Some(slot), Some(key)) = (self.entries.get_mut(place(text)), key) {
            *slot = Some(Entry { text: *text, kind, key, token });
        }
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// Where a text belongs: by its last eight characters, which are the end of the tag and so random.
fn place(text: &[u8; Token::TEXT_BYTES]) -> usize {
    let end = text.last_chunk::<8>().copied().unwrap_or_default();
    let mixed = u64::from_le_bytes(end).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (64 - Memo::ENTRIES.trailing_zeros())).unwrap_or_default()
}

/// Takes the same time wherever they differ, so that nobody can feel out another client's token.
fn is_same(a: &[u8; Token::TEXT_BYTES], b: &[u8; Token::TEXT_BYTES]) -> bool {
    // By words, of which the length is a multiple: a rest would be compared byte by byte.
    let words = |text| <[u8]>::as_chunks::<4>(text).0.iter().copied().map(u32::from_ne_bytes);
    words(a).zip(words(b)).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clingfish_model::{GroupHash, TargetHash};

    use super::*;
    use crate::{Secret, SessionId};

    const KIND: (Purpose, Alphabet) = (Purpose::LbCookie, Alphabet::UrlSafe);

    fn token() -> Token {
        Token {
            target: TargetHash([1; 16]),
            group: GroupHash([2; 8]),
            session: SessionId([3; 8]),
            issued: UnixMillis(4),
            last_seen: UnixMillis(5),
            generation: 6,
            flags: 7,
        }
    }

    fn ring() -> KeyRing {
        KeyRing::first(Secret::new([9; 32]), KeyId::new(1).unwrap(), UnixMillis(0))
    }

    fn seal(ring: &KeyRing, nonce: u8) -> Sealed {
        token().seal(ring.sealing_key(UnixMillis(0)), KIND.0, [nonce; 24], KIND.1)
    }

    #[test]
    fn a_remembered_token_opens_as_a_fresh_one_does() {
        let ring = ring();
        let mut memo = Memo::new();
        let sealed = seal(&ring, 1);
        for round in 0..3 {
            let opened = memo.open(sealed.as_bytes(), &ring, KIND.0, KIND.1, UnixMillis(9));
            let fresh = Token::open(sealed.as_bytes(), &ring, KIND.0, KIND.1, UnixMillis(9));
            assert_eq!(opened, fresh, "round {round}");
            assert_eq!(opened.unwrap().token, token(), "round {round}");
        }
    }

    #[test]
    fn what_was_sealed_here_is_known_here() {
        let ring = ring();
        let mut memo = Memo::new();
        let sealed = seal(&ring, 1);
        memo.remember(&sealed, &token(), &ring, KIND.0, KIND.1);
        let text = sealed.as_bytes().try_into().unwrap();
        assert!(memo.find(text, KIND).is_some());
        assert!(memo.find(text, (KIND.0, Alphabet::Standard)).is_none());
    }

    #[test]
    fn a_token_of_any_purpose_is_known_for_ours() {
        let ring = ring();
        let mut memo = Memo::new();
        for (nonce, purpose) in Purpose::OF_COOKIES.into_iter().enumerate() {
            let key = ring.sealing_key(UnixMillis(0));
            let sealed = token().seal(key, purpose, [u8::try_from(nonce).unwrap(); 24], KIND.1);
            for round in 0..2 {
                let opened = memo.open_any(sealed.as_bytes(), &ring, KIND.1, UnixMillis(9));
                assert_eq!(opened.map(|opened| opened.token), Ok(token()), "{purpose:?} {round}");
            }
            let text = sealed.as_bytes().try_into().unwrap();
            assert!(memo.find(text, (purpose, KIND.1)).is_some(), "{purpose:?}");
        }
        assert_eq!(
            memo.open_any(&[b'A'; 5], &ring, KIND.1, UnixMillis(9)),
            Err(OpenError::NotAToken)
        );
    }

    #[test]
    fn a_changed_ring_empties_the_memo() {
        let ring = ring();
        let mut memo = Memo::new();
        let sealed = seal(&ring, 1);
        memo.remember(&sealed, &token(), &ring, KIND.0, KIND.1);
        let other = KeyRing::first(Secret::new([8; 32]), KeyId::new(1).unwrap(), UnixMillis(0));
        let opened = memo.open(sealed.as_bytes(), &other, KIND.0, KIND.1, UnixMillis(9));
        assert_eq!(opened, Err(OpenError::Forged));
    }

    #[test]
    fn a_key_that_retires_takes_its_remembered_tokens_along() {
        let rotated = ring()
            .rotate(Secret::new([8; 32]), KeyId::new(2).unwrap(), UnixMillis(0), Duration::ZERO)
            .unwrap();
        let old = rotated.keys()[0].clone();
        let sealed = token().seal(&old, KIND.0, [1; 24], KIND.1);
        let mut memo = Memo::new();
        let mut open = |at| memo.open(sealed.as_bytes(), &rotated, KIND.0, KIND.1, at);
        let end = old.retires_at().unwrap();
        assert_eq!(open(UnixMillis(end.0 - 1)).map(|opened| opened.by_current_key), Ok(false));
        assert_eq!(open(end), Err(OpenError::UnknownKey));
    }
}
