//! What is done to header fields, and what is said before a connection's first byte.

use clingfish_model::{
    ListenerAttributes, ProtocolVersion,
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
pub(crate) fn read_proxy_protocol(
    version: ProtocolVersion,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> ProxyProtocol {
    let words = [("off", ProxyProtocol::Off), ("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)];
    let Some(value) = section.value("proxy_protocol") else { return ProxyProtocol::Off };
    let wanted = if value.name.ends_with(".enabled") {
        let is_wanted = value.bool(report).unwrap_or_default();
        if is_wanted { ProxyProtocol::V2 } else { ProxyProtocol::Off }
    } else {
        value.word(report, &words, &[]).unwrap_or(ProxyProtocol::Off)
    };
    if wanted != ProxyProtocol::Off && version != ProtocolVersion::Http1 {
        let message = format!(
            "{} needs a connection for each client, but those of {} are shared",
            value.name,
            version.as_str()
        );
        value.refuse(report, message, "remove this line, or write protocol_version = \"HTTP1\"");
    }
    wanted
}
