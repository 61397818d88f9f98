//! Answers and errors as XML documents.

use std::fmt::Display;

use clingfish_model::UnixMillis;

use crate::{Api, Error};

/// The media type of every answer.
pub const CONTENT_TYPE: &str = "text/xml";

/// The answer to an action that was done.
pub fn response(api: Api, action: &str, result: &Members, request_id: &str) -> String {
    let namespace = api.namespace();
    let result = element(&format!("{action}Result"), &result.xml);
    let request_id = escape(request_id);
    format!(
        "<{action}Response xmlns=\"{namespace}\">\n  {result}\n  \
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\n\
         </{action}Response>\n"
    )
}

/// The answer to a request that was refused. Its HTTP status is [`Code::status`](crate::Code::status).
pub fn error(api: Api, error: &Error, request_id: &str) -> String {
    let namespace = api.namespace();
    let details = Members::default()
        .text("Type", error.code.fault(api))
        .text("Code", error.code.as_str())
        .text("Message", &error.message);
    let error = element("Error", &details.xml);
    let request_id = escape(request_id);
    format!(
        "<ErrorResponse xmlns=\"{namespace}\">\n  {error}\n  \
         <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
    )
}

/// The members of a structure, in the order in which they are added.
///
/// ```
/// use clingfish_elb::Members;
///
/// let state = Members::default().text("Code", "active");
/// let zones = [Members::default().text("ZoneName", "eu-central-1a")];
/// let members = Members::default()
///     .text("DNSName", "a & b")
///     .structure("State", state)
///     .list("AvailabilityZones", zones)
///     .texts("SecurityGroups", ["sg-1", "sg-2"])
///     .some_text("VpcId", None::<&str>);
/// assert_eq!(
///     members.to_string(),
///     "<DNSName>a &amp; b</DNSName><State><Code>active</Code></State>\
///      <AvailabilityZones><member><ZoneName>eu-central-1a</ZoneName></member></AvailabilityZones>\
///      <SecurityGroups><member>sg-1</member><member>sg-2</member></SecurityGroups>"
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    xml: String,
}

impl Members {
    /// A text.
    #[must_use]
    pub fn text(self, name: &str, text: impl AsRef<str>) -> Self {
        let text = escape(text.as_ref());
        self.element(name, &text)
    }

    /// A text, if there is one.
    #[must_use]
    pub fn some_text(self, name: &str, text: Option<impl AsRef<str>>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// What writes itself: a number, a boolean, a name, an ARN.
    #[must_use]
    pub fn value(self, name: &str, value: impl Display) -> Self {
        self.text(name, value.to_string())
    }

    /// The same, if there is one.
    #[must_use]
    pub fn some_value(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.value(name, value),
            None => self,
        }
    }

    /// A moment: `2016-03-25T21:26:12.920Z`.
    #[must_use]
    pub fn time(self, name: &str, time: UnixMillis) -> Self {
        self.element(name, &time.to_iso())
    }

    /// A structure.
    #[must_use]
    pub fn structure(self, name: &str, members: Self) -> Self {
        self.element(name, &members.xml)
    }

    /// A structure, if there is one.
    #[must_use]
    pub fn some_structure(self, name: &str, members: Option<Self>) -> Self {
        match members {
            Some(members) => self.structure(name, members),
            None => self,
        }
    }

    /// A list of structures. An empty list is written too, as `<Tags/>`.
    #[must_use]
    pub fn list(self, name: &str, list: impl IntoIterator<Item = Self>) -> Self {
        let list = list.into_iter().map(|members| element("member", &members.xml));
        self.element(name, &list.collect::<String>())
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(self, name: &str, list: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let list = list.into_iter().map(|text| element("member", &escape(text.as_ref())));
        self.element(name, &list.collect::<String>())
    }

    fn element(mut self, name: &str, content: &str) -> Self {
        self.xml.push_str(&element(name, content));
        self
    }
}

impl Display for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.xml)
    }
}

/// The content must be XML already.
fn element(name: &str, content: &str) -> String {
    debug_assert!(name.bytes().all(|c| c.is_ascii_alphanumeric()), "{name} is no name of AWS's");
    if content.is_empty() { format!("<{name}/>") } else { format!("<{name}>{content}</{name}>") }
}

/// Text as the content of an element. A character that XML 1.0 cannot carry at all becomes U+FFFD; a carriage return,
/// which a reader would make a line feed of, is written by its number.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\u{1F}' => escaped.push(char::REPLACEMENT_CHARACTER),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
