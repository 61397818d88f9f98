//! The pure decision and the snapshots that it is made on: tables and laws, with no network and no clock.
#![cfg(test)]

mod support;

mod cells;
mod keys;
mod kinds;
mod leaving;
mod names;
mod placement;
mod reloads;
mod selection;
mod tokens;
