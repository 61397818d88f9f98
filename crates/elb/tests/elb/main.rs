//! What the actions of the APIs do to a configuration file, and what they answer.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod actions;
mod attributes;
mod balancers;
mod catalogue;
mod classic;
mod conditions;
mod document;
mod group_attributes;
mod laws;
mod life;
mod listener_any;
mod listener_attributes;
mod listener_certificates;
mod listener_walk;
mod listeners;
mod networks;
mod rules;
mod support;
mod tags;
mod target_group_life;
mod target_groups;
mod targets;
