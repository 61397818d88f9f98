//! `DescribeListenerAttributes` and `ModifyListenerAttributes`: header fields that a listener inserts, renames or leaves out.

use clingfish_model::{
    Edit, Listener, Place, Setting,
    listener_attributes::{FieldName, FieldText, SecurityField, TlsField},
};

use super::{pinned, refuse_empty};
use crate::{Error, Input, Members, Plan, World, constraint::Constraint};

/// Most attributes of a request, as AWS has it for load balancers.
const CHANGES_MAX: usize = 20;

const SERVER: &str = "routing.http.response.server.enabled";

/// An attribute that listeners have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Server,
    Inserted(SecurityField),
    Renamed(TlsField),
}

/// `DescribeListenerAttributes`.
pub(crate) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    shown(&arn, world).map(Plan::read)
}

/// `ModifyListenerAttributes`. A value that is empty takes the header away, or gives it its own name again.
pub(crate) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    let listener = world.listener(&arn)?;
    let wanted = input.required_list("Attributes", |input| {
        Ok((input.required_text("Key")?, input.text("Value")?.unwrap_or_default()))
    })?;
    refuse_empty(&wanted, "attributes")?;
    if wanted.len() > CHANGES_MAX {
        return Err(Constraint::LengthAtMost(CHANGES_MAX).broken_by(Some("[...]"), "attributes"));
    }
    let place = Place::Listener(listener.name.clone());
    let mut edits = Vec::new();
    for (at, (key, value)) in wanted.iter().enumerate() {
        if wanted.iter().take(at).any(|(other, _)| other == key) {
            let message = format!("Listener attribute key '{key}' is specified more than once");
            return Err(Error::validation(message));
        }
        let attribute = Attribute::of(key).ok_or_else(|| {
            Error::validation(format!("Listener attribute key '{key}' is not recognized"))
        })?;
        let value = attribute.check(value)?;
        if value != attribute.value(listener) {
            edits.push(attribute.edit(&place, value));
        }
    }
    if !edits.is_empty() {
        edits.splice(0..0, pinned(listener));
    }
    Ok(Plan::change(arn.clone(), edits, move |world| shown(&arn, world)))
}

fn shown(arn: &str, world: &World<'_>) -> Result<Members, Error> {
    let listener = world.listener(arn)?;
    let attributes = Attribute::all().map(|attribute| {
        let value = attribute.value(listener).or_else(|| attribute.default());
        Members::default().text("Key", attribute.key()).text("Value", value.unwrap_or_default())
    });
    Ok(Members::default().list("Attributes", attributes))
}

impl Attribute {
    fn all() -> impl Iterator<Item = Self> {
        let inserted = SecurityField::ALL.iter().copied().map(Self::Inserted);
        let renamed = TlsField::ALL.iter().copied().map(Self::Renamed);
        std::iter::once(Self::Server).chain(inserted).chain(renamed)
    }

    fn of(key: &str) -> Option<Self> {
        Self::all().find(|attribute| attribute.key() == key)
    }

    /// ELBv2's name.
    fn key(self) -> String {
        match self {
            Self::Server => SERVER.to_owned(),
            Self::Inserted(field) => {
                format!("routing.http.response.{}.header_value", field.key())
            }
            Self::Renamed(field) => {
                format!("routing.http.request.x_amzn_{}.header_name", field.key())
            }
        }
    }

    /// What is shown where nothing is said.
    fn default(self) -> Option<String> {
        match self {
            Self::Server => Some(true.to_string()),
            Self::Inserted(_) => None,
            Self::Renamed(field) => Some(field.name().to_owned()),
        }
    }

    /// What a listener says of it; nothing where that is the default.
    fn value(self, listener: &Listener) -> Option<String> {
        let attributes = &listener.attributes;
        match self {
            Self::Server => (!attributes.server).then(|| false.to_string()),
            Self::Inserted(field) => {
                let found = attributes.inserted.iter().find(|one| one.field == field);
                found.map(|one| one.value.as_str().to_owned())
            }
            Self::Renamed(field) => {
                let found = attributes.renamed.iter().find(|(of, _)| *of == field);
                found.map(|(_, name)| name.as_str().to_owned())
            }
        }
    }

    /// The value, nothing where it is the default; or why it is none.
    fn check(self, value: &str) -> Result<Option<String>, Error> {
        let key = self.key();
        let wrong = |reason: String| {
            Error::validation(format!("'{key}' value '{value}' is not valid; {reason}"))
        };
        if self != Self::Server && value.is_empty() || self.default().as_deref() == Some(value) {
            return Ok(None);
        }
        match self {
            Self::Server if value == "false" => {}
            Self::Server => return Err(wrong("it must be one of [true, false]".into())),
            Self::Inserted(field) => {
                let text = FieldText::new(value).map_err(|error| wrong(error.to_string()))?;
                if !field.takes(&text) {
                    return Err(wrong(field.advice().into()));
                }
            }
            Self::Renamed(_) => {
                FieldName::new(value).map_err(|error| wrong(error.to_string()))?;
            }
        }
        Ok(Some(value.to_owned()))
    }

    fn edit(self, place: &Place, value: Option<String>) -> Edit {
        let place = place.clone();
        match (self, value) {
            (_, None) => Edit::Unset(place, self.file_key()),
            (Self::Server, Some(_)) => Edit::Set(place, self.file_key(), Setting::Bool(false)),
            (_, Some(value)) => Edit::Set(place, self.file_key(), Setting::Text(value)),
        }
    }

    fn file_key(self) -> &'static str {
        match self {
            Self::Server => "server_header",
            Self::Inserted(field) => inserted_key(field),
            Self::Renamed(field) => renamed_key(field),
        }
    }
}

fn inserted_key(field: SecurityField) -> &'static str {
    match field {
        SecurityField::StrictTransportSecurity => "response_headers.strict_transport_security",
        SecurityField::AllowOrigin => "response_headers.access_control_allow_origin",
        SecurityField::AllowMethods => "response_headers.access_control_allow_methods",
        SecurityField::AllowHeaders => "response_headers.access_control_allow_headers",
        SecurityField::AllowCredentials => "response_headers.access_control_allow_credentials",
        SecurityField::ExposeHeaders => "response_headers.access_control_expose_headers",
        SecurityField::MaxAge => "response_headers.access_control_max_age",
        SecurityField::ContentSecurityPolicy => "response_headers.content_security_policy",
        SecurityField::ContentTypeOptions => "response_headers.x_content_type_options",
        SecurityField::FrameOptions => "response_headers.x_frame_options",
    }
}

fn renamed_key(field: TlsField) -> &'static str {
    match field {
        TlsField::Clientcert => "request_header_names.mtls_clientcert",
        TlsField::SerialNumber => "request_header_names.mtls_clientcert_serial_number",
        TlsField::Issuer => "request_header_names.mtls_clientcert_issuer",
        TlsField::Subject => "request_header_names.mtls_clientcert_subject",
        TlsField::Validity => "request_header_names.mtls_clientcert_validity",
        TlsField::Leaf => "request_header_names.mtls_clientcert_leaf",
        TlsField::Version => "request_header_names.tls_version",
        TlsField::CipherSuite => "request_header_names.tls_cipher_suite",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_keys_end_as_the_fields_do() {
        for attribute in Attribute::all() {
            let end = match attribute {
                Attribute::Server => "server_header".to_owned(),
                Attribute::Inserted(field) => format!("response_headers.{}", field.key()),
                Attribute::Renamed(field) => format!("request_header_names.{}", field.key()),
            };
            assert_eq!(attribute.file_key(), end);
        }
    }
}
