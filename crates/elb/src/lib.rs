#![doc = include_str!("../README.md")]

mod api;
pub mod arn;
mod call;
pub mod constraint;
mod error;
mod hex;
mod input;
pub mod page;
pub mod query;
pub mod time;
pub mod xml;

pub use api::Api;
pub use call::Call;
pub use error::{Code, Error};
pub use input::Input;
pub use xml::Members;
