//! What an action comes to: changes of the file, and an answer.

use std::fmt;

use clingfish_model::Edit;

use crate::{Api, Call, Error, Members, World, classic, v2};

/// What an action comes to, before anything has happened.
pub struct Plan {
    /// What is to be changed, in this order; nothing where the action only reads, or finds what it wants.
    pub edits: Vec<Edit>,
    /// ARNs, or names of Classic load balancers, of what the change is about.
    pub touched: Vec<String>,
    /// Makes the answer.
    pub reply: Reply,
}

/// Makes an action's result from the world after the change.
pub type Reply = Box<dyn FnOnce(&World<'_>) -> Result<Members, Error> + Send>;

/// Plans the action that `call` asks for.
///
/// # Errors
///
/// As AWS refuses it. Nothing is to be changed then.
pub fn plan(call: Call, world: &World<'_>) -> Result<Plan, Error> {
    match call.api {
        Api::V2 => v2::plan(call, world),
        Api::Classic => classic::plan(call, world),
    }
}

impl Plan {
    /// An answer without a change.
    pub fn read(result: Members) -> Self {
        Self { edits: Vec::new(), touched: Vec::new(), reply: Box::new(move |_| Ok(result)) }
    }

    /// A change, and an answer from the world after it.
    pub fn change(
        touched: impl Into<String>,
        edits: Vec<Edit>,
        reply: impl FnOnce(&World<'_>) -> Result<Members, Error> + Send + 'static,
    ) -> Self {
        Self { edits, touched: vec![touched.into()], reply: Box::new(reply) }
    }

    /// A change with an empty answer.
    pub fn silent(touched: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self::change(touched, edits, |_| Ok(Members::default()))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("edits", &self.edits)
            .field("touched", &self.touched)
            .finish_non_exhaustive()
    }
}
