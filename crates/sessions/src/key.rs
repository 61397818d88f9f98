//! What sessions and clients are known by: keyed hashes, so that nobody outside can choose where an entry goes.

use std::fmt;
use std::hash::Hasher;
use std::net::IpAddr;

use siphasher::sip128::SipHasher13;

/// The secret under which ids are hashed: 32 random bytes, drawn once per table.
///
/// Who knows it can make ids that collide, so it is not printed.
#[derive(Clone)]
pub struct Seed {
    sessions: [u8; 16],
    clients: [u8; 16],
}

impl Seed {
    /// Takes the bytes, half for sessions and half for clients.
    pub fn new([sessions, clients]: [[u8; 16]; 2]) -> Self {
        Self { sessions, clients }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// An application's session id, as 16 bytes of SipHash-1-3.
///
/// Two ids share a key once in 2^128 pairs; clients cannot make them, as they do not know the [`Seed`]. Each target group has a
/// table of its own, so that applications may number their sessions alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey([u8; 16]);

impl SessionKey {
    /// Hashes an id.
    pub fn of(seed: &Seed, id: &[u8]) -> Self {
        Self(SipHasher13::new_with_key(&seed.sessions).hash(id).as_bytes())
    }

    /// The half that says in which shard.
    pub(crate) fn shard_bits(self) -> u64 {
        let [_, _, _, _, _, _, _, _, bytes @ ..] = self.0;
        u64::from_le_bytes(bytes)
    }

    /// The other half, which says where in the shard.
    pub(crate) fn index_bits(self) -> u64 {
        let [bytes @ .., _, _, _, _, _, _, _, _] = self.0;
        u64::from_le_bytes(bytes)
    }
}

/// Who caused a session to be learned, as far as the quota is concerned.
///
/// Four bytes: among a million clients a given one shares its quota with another about once in four thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(u32);

impl ClientKey {
    /// How much of an IPv6 address makes a client, in bits: one subscriber usually has a whole /64.
    pub const IPV6_PREFIX_BITS: u32 = 64;

    /// Hashes an address: all of an IPv4 address (mapped into IPv6 or not), the first 64 bits of an IPv6 address.
    pub fn of(seed: &Seed, address: IpAddr) -> Self {
        let mut hasher = SipHasher13::new_with_key(&seed.clients);
        match address.to_canonical() {
            IpAddr::V4(address) => hasher.write(&address.octets()),
            IpAddr::V6(address) => {
                let prefix = address.to_bits() >> (u128::BITS - Self::IPV6_PREFIX_BITS);
                hasher.write(&prefix.to_be_bytes());
            }
        }
        Self((hasher.finish() >> 32) as u32)
    }

    /// The bits that say in which shard of the quotas.
    pub(crate) fn shard_bits(self) -> u64 {
        u64::from(self.0) << 32
    }

    /// Bits for a hash table, which looks at both ends of them.
    pub(crate) fn index_bits(self) -> u64 {
        /// 2^64 divided by the golden ratio: spreads 32 bits over 64.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        u64::from(self.0).wrapping_mul(SPREAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed { sessions: [1; 16], clients: [2; 16] };

    #[test]
    fn a_key_depends_on_seed_and_id() {
        let key = SessionKey::of(&SEED, b"JSESSIONID-4");
        let other_seed = Seed::new([[9; 16], [2; 16]]);
        for (other, what) in [
            (SessionKey::of(&other_seed, b"JSESSIONID-4"), "seed"),
            (SessionKey::of(&SEED, b"JSESSIONID-5"), "id"),
            (SessionKey::of(&SEED, b"JSESSIONID-4\0"), "length"),
        ] {
            assert_ne!(key, other, "another {what}");
        }
        assert_eq!(key, SessionKey::of(&SEED, b"JSESSIONID-4"));
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_a_64_bit_prefix() {
        let client = |text: &str| ClientKey::of(&SEED, text.parse().unwrap());
        assert_eq!(client("192.0.2.1"), client("::ffff:192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:2"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
    }

    #[test]
    fn a_seed_is_not_printed() {
        assert_eq!(format!("{SEED:?}"), "Seed(..)");
    }
}
