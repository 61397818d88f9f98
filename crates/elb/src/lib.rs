#![doc = include_str!("../README.md")]

mod api;
pub mod arn;
mod call;
mod classic;
pub mod constraint;
mod error;
pub mod fuzzing;
mod hex;
mod input;
pub mod page;
mod plan;
pub mod query;
pub mod sigv4;
mod time;
mod v2;
mod world;
pub mod xml;

pub use api::Api;
pub use call::Call;
pub use error::{Code, Error};
pub use input::Input;
pub use plan::{Plan, Reply, plan};
pub use world::{Observed, TargetSeen, World};
pub use xml::Members;
