//! Session affinity as one pure decision: which target a returning client belongs to, and what its cookie says next.
//!
//! Pure: no I/O, no clock, no randomness. Callers bring `now`, nonces and session ids. A request goes through four steps:
//!
//! 1. [`read`] finds our tokens among the request's cookies and gives a [`Claim`] and the [`Cuts`] that hide them from targets.
//! 2. [`judge`] says whether the claim holds: [`Judgement::Keep`], [`Judgement::Detour`] or [`Judgement::Rehome`], with a [`Verdict`].
//! 3. [`stamp`] says whether the answer carries a new cookie, and what that says.
//! 4. [`SetCookie`] writes it.
//!
//! ```
//! use std::time::Duration;
//! use clingfish_affinity::{
//!     Binding, Dressing, Home, Judgement, KeyId, KeyRing, Memo, Policy, Secret, SessionId, SetCookie, Stamp, Verdict, judge, read, stamp,
//! };
//! use clingfish_model::{GroupHash, LbCookie, TargetHash, UnixMillis};
//! use clingfish_model::stickiness::{CookieAttributes, CookieShape, CookieStyle, OnCacheable};
//!
//! let now = UnixMillis(1_764_429_704_000);
//! let ring = KeyRing::first(Secret::new([7; 32]), KeyId::new(1).unwrap(), now);
//! let style = CookieStyle::Clingfish(CookieShape::new(CookieAttributes::named("cling")).unwrap());
//! let policy = Policy::new(
//!     &LbCookie {
//!         duration: Duration::from_secs(3600),
//!         absolute: None,
//!         style,
//!         on_cacheable: OnCacheable::Skip,
//!         forward_tokens: false,
//!     },
//!     GroupHash([1; 8]),
//! );
//! let mut memo = Memo::new();
//!
//! // A new client: some balancer picks a target, and the answer carries a cookie.
//! let reading = read(std::iter::empty(), &policy, &ring, now, &mut memo);
//! let judgement = judge(&reading.claim, Some(&policy), |_| Home::Gone, now);
//! assert_eq!(judgement, Judgement::Rehome(Verdict::New));
//! let binding = Binding { target: TargetHash([2; 16]), session: SessionId([3; 8]), ..Binding::default() };
//! let Stamp::Write { token, .. } = stamp(&reading.claim, judgement, &policy, binding, || false, now) else {
//!     panic!("a new client gets a cookie");
//! };
//! let sealed = policy.seal(&token, &ring, [4; 24], now);
//! let mut head = Vec::new();
//! SetCookie { policy: &policy, token: &token, sealed: &sealed, https: false, now, dressing: Dressing::default() }.write_lines(&mut head);
//! assert!(head.starts_with(b"Set-Cookie: cling=AQAB"));
//!
//! // It comes back, and home.
//! let cookie = [b"cling=".as_slice(), sealed.as_bytes()].concat();
//! let reading = read([cookie.as_slice()].into_iter(), &policy, &ring, now, &mut memo);
//! assert_eq!(reading.claim.home(), Some(binding.target));
//! assert_eq!(judge(&reading.claim, Some(&policy), |_| Home::Eligible, now), Judgement::Keep);
//! ```
//!
//! A binding's life, from birth to end, is told in this crate's `LIFECYCLE.md`.

mod app_cookie;
pub mod cacheable;
mod claim;
mod cookie;
mod date;
mod fnv;
mod header;
mod hex;
pub mod fuzzing;
pub mod group;
pub mod identity;
pub mod import;
mod judge;
mod key;
pub mod keyring;
mod memo;
mod policy;
mod set_cookie;
mod site;
mod stamp;
pub mod token;
mod verdict;

pub use app_cookie::{AppSets, is_chromium, others};
pub use claim::{Claim, Named, Namer, Reading, Refusal, read, tokens_in};
pub use cookie::{CookieNames, Cuts, Stripped};
pub use date::rfc3339;
pub use group::{GroupPolicy, judge_group, read_group, stamp_group};
pub use header::{read_header, without_token};
pub use judge::{Home, Judgement, judge};
pub use key::{Key as RequestKey, Origin, find_key};
pub use keyring::{Key, KeyId, KeyRing, KeyRingError, RotateError, Secret};
pub use memo::Memo;
pub use policy::Policy;
pub use set_cookie::{CookieKind, Dressing, SetCookie, write_removal};
pub use site::{SITE_FIELDS, Withheld, withheld};
pub use stamp::{Binding, Left, Stamp, stamp};
pub use token::{Alphabet, OpenError, Opened, Purpose, Sealed, SessionId, Token};
pub use verdict::Verdict;
