//! Session tickets: what lets a client come back without a full handshake, to any worker and any instance with the same key ring.
//!
//! Nothing is remembered here: a ticket is the session itself, sealed. Every key of the ring gives a ticket key for each half of a
//! day (UTC), and for each way of checking clients, so that a session that one listener let in unchecked never opens another's door.

use std::{fmt, sync::Arc};

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use clingfish_model::UnixMillis;
use rustls::{
    crypto::{CryptoProvider, tls13::OkmBlock},
    server::ProducesTickets,
    time_provider::TimeProvider,
};
use zeroize::Zeroizing;

/// How long a ticket key seals; it opens for as long again. So no ticket is good for more than a day.
pub(crate) const SEALS_FOR_SECONDS: u64 = 12 * 3600;
/// Names the layout of a ticket.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 7;

/// What the keys of a ring give for tickets, oldest first.
#[derive(Clone, Debug)]
pub struct TicketKeys {
    keys: Vec<TicketKey>,
    /// Of the ring that they are made of.
    revision: u64,
}

/// One of them.
#[derive(Clone)]
pub struct TicketKey {
    /// The ring's number of it, which tickets carry.
    pub id: [u8; 2],
    /// Derived from the ring's secret, for nothing but tickets.
    pub secret: Zeroizing<[u8; 32]>,
    /// When it begins to seal.
    pub seals_from: UnixMillis,
    /// When it stops opening; none for the newest.
    pub retires_at: Option<UnixMillis>,
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TicketKeys {
    /// Keys in the order in which they seal; `revision` tells rings apart.
    pub fn new(keys: Vec<TicketKey>, revision: u64) -> Self {
        Self { keys, revision }
    }

    /// Which ring they are made of.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    fn sealing(&self, now: UnixMillis) -> Option<&TicketKey> {
        self.keys.iter().rfind(|key| key.seals_from <= now).or(self.keys.first())
    }

    fn opening(&self, id: [u8; 2], now: UnixMillis) -> Option<&TicketKey> {
        let is_retired = |key: &TicketKey| key.retires_at.is_some_and(|at| at <= now);
        self.keys.iter().find(|key| key.id == id && !is_retired(key))
    }
}

/// Seals and opens the tickets of one listener.
#[derive(Debug)]
pub(crate) struct Ticketer {
    keys: Arc<TicketKeys>,
    /// How clients are checked.
    context: [u8; 32],
    provider: Arc<CryptoProvider>,
    time: Arc<dyn TimeProvider>,
}

impl Ticketer {
    pub(crate) fn new(
        keys: Arc<TicketKeys>,
        context: [u8; 32],
        time: Arc<dyn TimeProvider>,
    ) -> Self {
        Self { keys, context, provider: crate::provider(), time }
    }

    fn now(&self) -> Option<UnixMillis> {
        Some(UnixMillis(self.time.current_time()?.as_secs().saturating_mul(1000)))
    }

    fn cipher(&self, key: &TicketKey, header: &[u8]) -> Option<XChaCha20Poly1305> {
        // HKDF with SHA-256, from the same library as everything else of TLS.
        let hkdf = self.provider.cipher_suites.iter().find_map(|suite| {
            let suite = suite.tls13()?;
            let hash = suite.common.hash_provider.algorithm();
            (hash == rustls::crypto::hash::HashAlgorithm::SHA256).then_some(suite.hkdf_provider)
        })?;
        let expander = hkdf.expander_for_okm(&OkmBlock::new(key.secret.as_slice()));
        let block = expander.expand_block(&[b"clingfish ticket", &self.context, header]);
        XChaCha20Poly1305::new_from_slice(block.as_ref()).ok()
    }
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        SEALS_FOR_SECONDS as u32
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let now = self.now()?;
        let key = self.keys.sealing(now)?;
        let header = header(key.id, period(now));
        let mut nonce = [0; NONCE_BYTES];
        self.provider.secure_random.fill(&mut nonce).ok()?;
        let mut ticket = [&header, &nonce[..], plain].concat();
        let sealed = ticket.get_mut(HEADER_BYTES + NONCE_BYTES..)?;
        let cipher = self.cipher(key, &header)?;
        let tag = cipher.encrypt_inout_detached(&XNonce::from(nonce), &[], sealed.into()).ok()?;
        ticket.extend_from_slice(&tag);
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let now = self.now()?;
        let (head, rest) = ticket.split_first_chunk::<HEADER_BYTES>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        let [version, first, second, period_bytes @ ..] = *head;
        let sealed_in = u32::from_be_bytes(period_bytes);
        // The next one too: another instance's clock may be ahead.
        if version != VERSION || sealed_in.abs_diff(period(now)) > 1 {
            return None;
        }
        let key = self.keys.opening([first, second], now)?;
        let (cipher, mut plain) = (self.cipher(key, head)?, sealed.to_vec());
        let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
        cipher.decrypt_inout_detached(&nonce, &[], plain.as_mut_slice().into(), &tag).ok()?;
        Some(plain)
    }
}

fn header([first, second]: [u8; 2], period: u32) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = period.to_be_bytes();
    [VERSION, first, second, a, b, c, d]
}

/// The number of the half day.
fn period(now: UnixMillis) -> u32 {
    u32::try_from(now.0 / 1000 / SEALS_FOR_SECONDS).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
