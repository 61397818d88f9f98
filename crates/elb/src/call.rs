//! Which API and which action a request asks for.

use crate::{Api, Code, Error, Input, query::Params};

/// Parameters by which a URL is signed. They are not the action's.
const OF_SIGNATURE: [&str; 8] = [
    "X-Amz-Algorithm",
    "X-Amz-Content-Sha256",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// A request for an action, before anyone looks at its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// By `Version`.
    pub api: Api,
    /// By `Action`; whether there is such an action is for the API to say ([`Self::unknown_action`]).
    pub action: String,
    params: Params,
}

impl Call {
    /// Reads `Version` and `Action`, and drops what belongs to a signature.
    ///
    /// A version that neither API has, or none, is an `InvalidAction`, as AWS says of the action that it cannot find.
    pub fn of(mut params: Params) -> Result<Self, Error> {
        for name in OF_SIGNATURE {
            params.take(name);
        }
        let version = params.take("Version").filter(|version| !version.is_empty());
        let Some(action) = params.take("Action").filter(|action| !action.is_empty()) else {
            let message = "The request is missing an action or a required parameter.";
            return Err(Error::new(Code::MissingAction, message));
        };
        let version = version.as_deref().unwrap_or("NO_VERSION_SPECIFIED");
        let api = Api::of_version(version).ok_or_else(|| not_found(&action, version))?;
        Ok(Self { api, action, params })
    }

    /// Whether the action only looks, so that read-only credentials may ask for it.
    pub fn is_read_only(&self) -> bool {
        self.action.starts_with("Describe")
    }

    /// The refusal of an action that this version has not.
    pub fn unknown_action(&self) -> Error {
        not_found(&self.action, self.api.version())
    }

    /// Reads the members by this function and refuses those that it left; see [`Input::read`].
    pub fn read<T>(self, read: impl FnOnce(&mut Input) -> Result<T, Error>) -> Result<T, Error> {
        Input::read(self.params, read)
    }
}

fn not_found(action: &str, version: &str) -> Error {
    let message = format!("Could not find operation {action} for version {version}");
    Error::new(Code::InvalidAction, message)
}
