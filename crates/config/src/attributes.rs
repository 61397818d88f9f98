//! What is done to header fields, and what is said before a connection's first byte.

use clingfish_model::{
    ListenerAttributes,
    listener_attributes::{FieldName, FieldText, InsertedField, SecurityField, TlsField},
    target::ProxyProtocol,
};

use crate::{report::Report, section::Section, value::Value};

/// Reads the attributes of one listener; what is wrong in them is left out.
pub(crate) fn read(section: &Section<'_>, report: &mut Report<'_>) -> ListenerAttributes {
    let default = ListenerAttributes::default();
    let inserted = SecurityField::ALL.iter().filter_map(|field| {
        let value = section.value(&format!("response_headers.{}", field.key()))?;
        read_inserted(*field, value, report)
    });
    let inserted = inserted.collect();
    let renamed = TlsField::ALL.iter().filter_map(|field| {
        let value = section.value(&format!("request_header_names.{}", field.key()))?;
        let name = FieldName::new(value.text(report)?);
        Some((*field, name.map_err(|error| value.refuse_error(report, &error)).ok()?))
    });
    let renamed = renamed.collect();
    let server = section.bool("server_header", default.server, report);
    ListenerAttributes { server, inserted, renamed }
}

fn read_inserted(
    field: SecurityField,
    value: &Value<'_>,
    report: &mut Report<'_>,
) -> Option<InsertedField> {
    let text = value.text(report)?;
    let text = FieldText::new(text).map_err(|error| value.refuse_error(report, &error)).ok()?;
    if !field.takes(&text) {
        let message = format!("{} = {:?} is not known to browsers", value.name, text.as_str());
        value.refuse(report, message, field.advice());
        return None;
    }
    Some(InsertedField { field, value: text })
}

/// Whether targets are told of the client. Under its own name one of three words, under ELBv2's whether it is version 2.
pub(crate) fn read_proxy_protocol(section: &Section<'_>, report: &mut Report<'_>) -> ProxyProtocol {
    let words = [("off", ProxyProtocol::Off), ("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)];
    let read = |value: &Value<'_>| match value.name.ends_with(".enabled") {
        true => Some(if value.bool(report)? { ProxyProtocol::V2 } else { ProxyProtocol::Off }),
        false => value.word(report, &words, &[]),
    };
    section.value("proxy_protocol").and_then(read).unwrap_or(ProxyProtocol::Off)
}
