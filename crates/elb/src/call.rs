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

#[cfg(test)]
mod tests {
    use super::*;

    fn call(form: &str) -> Result<Call, (Code, String)> {
        let call = Params::decode(form.as_bytes()).and_then(Call::of);
        call.map_err(|error| (error.code, error.message))
    }

    #[test]
    fn version_and_action_say_who_is_asked() {
        for (form, api) in [
            ("Action=DescribeLoadBalancers&Version=2015-12-01", Api::V2),
            ("Action=DescribeLoadBalancers&Version=2012-06-01", Api::Classic),
        ] {
            let call = call(form).unwrap();
            assert_eq!((call.api, &*call.action), (api, "DescribeLoadBalancers"));
            assert!(call.is_read_only());
        }
        assert!(!call("Action=DeleteRule&Version=2015-12-01").unwrap().is_read_only());
    }

    #[test]
    fn what_nobody_can_do_is_an_invalid_action() {
        for (form, message) in [
            ("Action=X&Version=2011-11-15", "Could not find operation X for version 2011-11-15"),
            ("Action=X", "Could not find operation X for version NO_VERSION_SPECIFIED"),
        ] {
            assert_eq!(call(form), Err((Code::InvalidAction, message.into())));
        }
        let unknown = call("Action=X&Version=2015-12-01").unwrap().unknown_action();
        assert_eq!(unknown.code, Code::InvalidAction);
        assert_eq!(unknown.message, "Could not find operation X for version 2015-12-01");
    }

    #[test]
    fn a_request_without_an_action_is_told_so() {
        for form in ["", "Version=2015-12-01", "Action=&Version=2015-12-01", "Action.x=1"] {
            assert_eq!(call(form).unwrap_err().0, Code::MissingAction, "{form}");
        }
    }

    #[test]
    fn the_parameters_of_a_signature_are_not_the_actions() {
        let form = "Action=X&Version=2015-12-01&X-Amz-Signature=1&X-Amz-Date=2&X-Amz-Other=3";
        let refused = call(form).unwrap().read(|_| Ok(())).unwrap_err();
        assert_eq!(refused.message, "The parameter X-Amz-Other is not recognized by this action.");
        let form = form.replace("&X-Amz-Other=3", "");
        assert_eq!(call(&form).unwrap().read(|_| Ok(())), Ok(()));
    }
}
