//! What a listener does to header fields beyond what is done for every request: ELBv2's listener attributes.

use crate::{FieldId, head::FieldLine};

/// Attributes of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerAttributes {
    /// Lets clients see a Server field; true by default. ELBv2: `routing.http.response.server.enabled`.
    pub server: bool,
    /// Fields of every response, in place of those of the same name that a target sends.
    /// ELBv2: `routing.http.response.….header_value`.
    pub inserted: Vec<InsertedField>,
    /// Other names for fields that tell targets about TLS. ELBv2: `routing.http.request.….header_name`.
    pub renamed: Vec<(TlsField, FieldName)>,
}

impl Default for ListenerAttributes {
    fn default() -> Self {
        Self { server: true, inserted: Vec::new(), renamed: Vec::new() }
    }
}

impl ListenerAttributes {
    /// Whether a target's response field is left out of what the client gets.
    pub fn replaces(&self, line: &FieldLine<'_>) -> bool {
        match line.id {
            FieldId::Server => !self.server,
            _ if self.inserted.is_empty() => false,
            _ => self.inserted.iter().any(|one| one.is_named(line.name)),
        }
    }

    /// What targets know that field by.
    pub fn name_of(&self, field: TlsField) -> &str {
        let renamed = self.renamed.iter().find(|(of, _)| *of == field);
        renamed.map_or(field.name(), |(_, name)| name.as_str())
    }

    /// Whether the name is one by which we tell targets about TLS, so that nobody else may.
    pub fn is_reserved(&self, name: &[u8]) -> bool {
        is_about_tls(name) || self.renamed.iter().any(|(_, ours)| ours.is(name))
    }
}

/// `X-Amzn-Tls-*` and `X-Amzn-Mtls-*`, also with underscores, as programs that read them as hyphens would take them.
fn is_about_tls(name: &[u8]) -> bool {
    const STARTS: [&[u8]; 2] = [b"x-amzn-tls-", b"x-amzn-mtls-"];
    if !name.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'x')) {
        return false;
    }
    STARTS.iter().any(|start| {
        let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || (*a == b'_' && *b == b'-');
        name.len() >= start.len() && name.iter().zip(*start).all(same)
    })
}

/// A field that a listener adds to its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsertedField {
    /// Which one.
    pub field: SecurityField,
    /// Its value.
    pub value: FieldText,
}

impl InsertedField {
    fn is_named(&self, name: &[u8]) -> bool {
        name.eq_ignore_ascii_case(self.field.name().as_bytes())
    }
}

macro_rules! fields {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $key:literal $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $(#[doc = $name] $variant,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its own part of the attribute's name.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)*
                }
            }

            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

fields! {
    /// Response fields that a listener can add.
    SecurityField {
        StrictTransportSecurity = "strict_transport_security" "Strict-Transport-Security",
        AllowOrigin = "access_control_allow_origin" "Access-Control-Allow-Origin",
        AllowMethods = "access_control_allow_methods" "Access-Control-Allow-Methods",
        AllowHeaders = "access_control_allow_headers" "Access-Control-Allow-Headers",
        AllowCredentials = "access_control_allow_credentials" "Access-Control-Allow-Credentials",
        ExposeHeaders = "access_control_expose_headers" "Access-Control-Expose-Headers",
        MaxAge = "access_control_max_age" "Access-Control-Max-Age",
        ContentSecurityPolicy = "content_security_policy" "Content-Security-Policy",
        ContentTypeOptions = "x_content_type_options" "X-Content-Type-Options",
        FrameOptions = "x_frame_options" "X-Frame-Options",
    }
}

fields! {
    /// Request fields that tell targets about TLS between the client and us.
    TlsField {
        Clientcert = "mtls_clientcert" "X-Amzn-Mtls-Clientcert",
        SerialNumber = "mtls_clientcert_serial_number" "X-Amzn-Mtls-Clientcert-Serial-Number",
        Issuer = "mtls_clientcert_issuer" "X-Amzn-Mtls-Clientcert-Issuer",
        Subject = "mtls_clientcert_subject" "X-Amzn-Mtls-Clientcert-Subject",
        Validity = "mtls_clientcert_validity" "X-Amzn-Mtls-Clientcert-Validity",
        Leaf = "mtls_clientcert_leaf" "X-Amzn-Mtls-Clientcert-Leaf",
        Version = "tls_version" "X-Amzn-Tls-Version",
        CipherSuite = "tls_cipher_suite" "X-Amzn-Tls-Cipher-Suite",
    }
}

impl SecurityField {
    /// Whether browsers make anything of that value; only where all that they know is listed.
    pub fn takes(self, value: &FieldText) -> bool {
        let value = value.as_str();
        match self {
            Self::AllowCredentials => value == "true",
            Self::ContentTypeOptions => value == "nosniff",
            Self::FrameOptions => ["DENY", "SAMEORIGIN"].contains(&value),
            Self::MaxAge => value.parse::<u32>().is_ok(),
            _ => true,
        }
    }

    /// What to write, for those that take few values.
    pub fn advice(self) -> &'static str {
        match self {
            Self::AllowCredentials => "write \"true\", or leave it out",
            Self::ContentTypeOptions => "write \"nosniff\"",
            Self::FrameOptions => "write \"DENY\" or \"SAMEORIGIN\"",
            Self::MaxAge => "write a number of seconds in quotes, such as \"600\"",
            _ => "write the value as clients are to get it",
        }
    }
}

/// The value of a header field: 1 to 1024 visible ASCII characters and spaces, none at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldText(String);

/// The name of a header field: 1 to 128 letters, digits, hyphens and underscores, and none that has a meaning already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName(String);

/// Why a text is no value or name of a header field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    /// It is empty, too long or has other characters.
    #[error("the text cannot be a header's value: write 1 to 1024 visible ASCII characters")]
    Value,
    /// It is empty, too long or has other characters.
    #[error("{0:?} cannot be a header's name: write 1 to 128 letters, digits, - and _")]
    Name(String),
    /// It means something else already.
    #[error("{0:?} means something else already: choose another name")]
    NameTaken(String),
}

impl FieldText {
    /// Checks and keeps a value.
    ///
    /// # Errors
    ///
    /// When the text could not stand in a header as it is.
    pub fn new(text: &str) -> Result<Self, BadField> {
        let is_visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let fits = (1..=1024).contains(&text.len()) && is_visible && text.trim() == text;
        if fits { Ok(Self(text.to_owned())) } else { Err(BadField::Value) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FieldName {
    /// Checks and keeps a name.
    ///
    /// # Errors
    ///
    /// When it is none, or that of a field that we or the protocol depend on.
    pub fn new(text: &str) -> Result<Self, BadField> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=128).contains(&text.len()) || !text.bytes().all(is_plain) {
            return Err(BadField::Name(text.to_owned()));
        }
        if FieldId::of(text.as_bytes()) != FieldId::Other {
            return Err(BadField::NameTaken(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is(&self, name: &[u8]) -> bool {
        name.eq_ignore_ascii_case(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_about_tls_are_ours_in_every_spelling() {
        let attributes = ListenerAttributes {
            renamed: vec![(TlsField::Version, FieldName::new("X-Tls").unwrap())],
            ..ListenerAttributes::default()
        };
        for (name, reserved) in [
            ("X-Amzn-Tls-Version", true),
            ("x-amzn-mtls-clientcert-leaf", true),
            ("X_Amzn_Tls_Cipher_Suite", true),
            ("x-tls", true),
            ("x-tls-2", false),
            ("X-Amzn-Trace-Id", false),
            ("x-amzn-tls", false),
            ("accept", false),
        ] {
            assert_eq!(attributes.is_reserved(name.as_bytes()), reserved, "{name}");
        }
        assert_eq!(attributes.name_of(TlsField::Version), "X-Tls");
        assert_eq!(attributes.name_of(TlsField::CipherSuite), "X-Amzn-Tls-Cipher-Suite");
    }

    #[test]
    fn values_that_would_end_their_line_are_none() {
        for (text, fits) in [
            ("max-age=1; preload", true),
            ("", false),
            (" x", false),
            ("a\r\nb: c", false),
            ("ü", false),
            (&"x".repeat(1025), false),
        ] {
            assert_eq!(FieldText::new(text).is_ok(), fits, "{text:?}");
        }
        for (name, fits) in
            [("X-My_Tls", true), ("Host", false), ("a b", false), ("", false), ("a:", false)]
        {
            assert_eq!(FieldName::new(name).is_ok(), fits, "{name:?}");
        }
    }
}
