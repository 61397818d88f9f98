//! Sample stateful applications and the story of stickiness.
//!
//! Rank 3. Two instances of a small web application keep their sessions in memory, as many programs do;
//! [`story`] visits them through Clingfish over real HTTP and says whether each claim came true.
//! Whoever runs Clingfish hands in its address and a [`Lever`]; this crate knows nothing else about it.

mod app;
mod clock;
mod configuration;
mod controls;
mod echo;
mod form;
mod lever;
mod limits;
mod origin;
mod pages;
mod sessions;
mod story;
mod teller;
mod visitor;

pub use app::SampleApp;
pub use configuration::{configuration, instance_name};
pub use controls::{Controls, Desk, controls};
pub use lever::{Lever, LeverFuture};
pub use story::{Claim, Story, StoryError, story};
pub use teller::{Colour, Teller};
pub use visitor::VisitError;
