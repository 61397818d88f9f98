//! The story of stickiness, told while it happens, and whether it came true.

mod acts;
mod stage;

use std::{io, net::SocketAddr};

use crate::{Lever, SampleApp, Teller, visitor::VisitError};

use stage::Stage;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Everything that was claimed, in order.
    pub claims: Vec<Claim>,
}

/// One thing that the story shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// A sentence, with what was counted.
    pub text: String,
    /// Whether it was so.
    pub came_true: bool,
}

impl Story {
    /// Whether everything that it shows came true.
    pub fn came_true(&self) -> bool {
        !self.claims.is_empty() && self.claims.iter().all(|claim| claim.came_true)
    }
}

/// Why the story could not be told to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoryError {
    /// A request without any answer.
    #[error("a request got no answer: {0}")]
    Visit(#[from] VisitError),
    /// Fewer instances than the story needs.
    #[error("the story needs two instances")]
    TooFewInstances,
    /// The balancer did not take the new setting.
    #[error("cannot switch stickiness: {0}")]
    Lever(io::Error),
    /// An instance did not stop or start.
    #[error("cannot stop or start an instance: {0}")]
    Instance(io::Error),
    /// Nowhere to tell it.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// Tells the story over real HTTP through the balancer at `front`, and leaves stickiness on and every
/// instance running. An error is a story without an end; a claim that fails is in the [`Story`].
pub async fn story(
    front: SocketAddr,
    apps: &mut [SampleApp],
    lever: &dyn Lever,
    teller: &mut Teller<'_>,
) -> Result<Story, StoryError> {
    if apps.len() < 2 {
        return Err(StoryError::TooFewInstances);
    }
    let mut stage = Stage::new(front, apps, lever, teller);
    acts::without_stickiness(&mut stage).await?;
    let mut cast = acts::with_stickiness(&mut stage).await?;
    acts::home_stops(&mut stage, &mut cast).await?;
    acts::home_returns(&mut stage, &mut cast).await?;
    stage.end()
}
