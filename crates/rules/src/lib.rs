//! Finds the first rule of a listener that a request meets, at a cost that does not grow with their number.
//!
//! Rank 1: no I/O, no clock, no randomness. [`RuleSet`] is compiled once for each snapshot. Rules are found by what their conditions
//! say of host and path, so that a request looks at those few that can apply; [`request::Request`] is what they look at.
//!
//! ```
//! use clingfish_model::{Name, RequestHead, Span, head::RequestParts, rule::*};
//! use clingfish_rules::{Request, RuleSet};
//!
//! let web = Action::Forward(Forward::to(Name::new("web").unwrap()));
//! let api = Condition::path(&["/api/*"], &[]).unwrap();
//! let first = Priority::new(10).unwrap();
//! let rules = [Rule::new(first, vec![api], web, Transforms::default()).unwrap()];
//! let set = RuleSet::new(&rules);
//!
//! let (bytes, mut parts) = (b"/api/carts?page=2", RequestParts::default());
//! parts.path_and_query = Span::new(0, bytes.len());
//! let head = RequestHead::new(bytes, &parts);
//! let request = Request::new(head, head.path_and_query(), "192.0.2.1".parse().unwrap());
//! assert_eq!(set.first(&request), Some(0));
//! ```

mod affix;
pub mod fuzzing;
mod meets;
pub mod request;
mod set;
mod table;

pub use request::Request;
pub use set::RuleSet;
