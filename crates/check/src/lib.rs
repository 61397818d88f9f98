//! The self-test of stickiness, for any balancer: what tutorials do by hand.
//!
//! Pure parts say who answers ([`who`]), keep cookies ([`jar`]), recognise balancers ([`balancer`]), look at cookies ([`hygiene`])
//! and judge what was seen ([`judge`]). [`run()`] has the effects: a small client that decides when a connection is new.
//!
//! ```no_run
//! use clingfish_check::{Audience, Options, Url, run};
//!
//! # async fn check(audience: &mut dyn Audience) -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new(Url::parse("https://shop.example/")?);
//! let report = run(&options, audience).await?;
//! println!("{}", report.to_table(false));
//! # Ok(())
//! # }
//! ```

pub mod advice;
pub mod answer;
pub mod balancer;
pub mod hygiene;
pub mod jar;
pub mod judge;
pub mod limits;
pub mod options;
pub mod promise;
pub mod report;
pub mod reveal;
pub mod set_cookie;
pub mod url;
pub mod who;

mod client;
mod clock;
mod run;
mod visitor;

pub use client::CheckError;
pub use options::{Load, Options, OptionsError, Step, Trust};
pub use promise::{Outcome, Promise};
pub use report::{Allowed, Finding, Report};
pub use run::{Audience, run};
pub use url::{Url, UrlError};
pub use who::{Who, WhoError};
