//! Sample stateful applications and the story of stickiness.
//!
//! Rank 3. Two instances of a small web application keep their sessions in memory, as many programs do;
//! [`story`] visits them through Clingfish over real HTTP and says whether each claim came true.
//! Whoever runs Clingfish hands in its address and a [`Lever`]; this crate knows nothing else about it.
//!
//! ```no_run
//! use clingfish_demo::{Colour, Lever, SampleApp, Teller, configuration, controls, instance_name, story};
//! # async fn run(lever: &dyn Lever) -> Result<(), Box<dyn std::error::Error>> {
//! let (controls, desk) = controls();
//! let mut apps = Vec::new();
//! for position in 0..2 {
//!     apps.push(SampleApp::start(&instance_name(position), controls.clone()).await?);
//! }
//! let addresses: Vec<_> = apps.iter().map(SampleApp::address).collect();
//! let (listener, admin) = ("127.0.0.1:8080".parse()?, "127.0.0.1:9080".parse()?);
//! let file = configuration(listener, admin, &addresses, false);
//! // Whoever runs Clingfish starts it with this file; the lever writes the other one and reloads.
//! let mut out = std::io::stdout();
//! let colour = Colour::for_output(&out);
//! let story = story(listener, &mut apps, lever, &mut Teller::new(&mut out, colour)).await?;
//! if story.came_true() {
//!     desk.attend(&mut apps, lever).await;
//! }
//! # Ok(())
//! # }
//! ```

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
