//! Lists of networks: whose word counts.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{report::Report, value::Value};

/// Reads networks and single addresses.
pub(crate) fn read(value: &Value<'_>, report: &mut Report<'_>) -> Vec<IpNet> {
    let help = format!("write {} = [\"10.0.0.0/8\"]", value.name);
    let mut networks = Vec::new();
    for element in value.list(report, &help) {
        let Some(text) = element.text(report) else {
            continue;
        };
        let network = text.parse::<IpNet>().map(|network| network.trunc());
        match network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => element.refuse(
                report,
                format!("{text:?} is neither a network nor an IP address"),
                "write \"10.0.0.0/8\", \"fd00::/8\" or \"192.0.2.1\"",
            ),
        }
    }
    networks
}
