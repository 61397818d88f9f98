//! Sample stateful applications and the story of stickiness.
