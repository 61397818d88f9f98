//! What the actions of the APIs do to a configuration file, and what they answer.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attributes;
mod balancers;
mod catalogue;
mod group_attributes;
mod life;
mod networks;
mod support;
mod tags;
mod target_group_life;
mod target_groups;
mod targets;
