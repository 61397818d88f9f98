//! Addresses as people write them: of targets, and to listen on.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use clingfish_model::{
    TargetAddress,
    reach::{self, Forbidden},
};

/// Why a text is no address, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAddress {
    pub(crate) message: String,
    pub(crate) help: String,
}

fn bad<T>(message: String, help: impl Into<String>) -> Result<T, BadAddress> {
    Err(BadAddress { message, help: help.into() })
}

/// Reads "10.0.0.1:3000", "[::1]:3000" or "app.internal:3000".
pub(crate) fn parse_target(text: &str) -> Result<TargetAddress, BadAddress> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = if scheme == "https" { 443 } else { 80 };
        let meant = match parse_target(authority) {
            Ok(address) => address.to_string(),
            Err(_) => with_port(authority, port),
        };
        return bad(
            format!("{text:?} is a URL, not an address"),
            format!("write host and port only: {meant:?}"),
        );
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return socket(text, address);
    }
    without_brackets(text)?;
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        let help = format!("add the port: {:?}", with_port(&ip.to_string(), 8080));
        return bad(format!("{text:?} has no port"), help);
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return if is_host(text) {
            let help = format!("add the port: {:?}", with_port(text, 8080));
            bad(format!("{text:?} has no port"), help)
        } else {
            bad(format!("{text:?} is not an address"), TARGET_HELP)
        };
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    match port_number(port) {
        Some(port) if is_host(name) => Ok(TargetAddress::Host { name: name.to_owned(), port }),
        Some(_) => bad(
            format!(
                "{text:?} is not an address: {host:?} is neither an IP address nor a host name"
            ),
            TARGET_HELP,
        ),
        None => bad(
            format!("{text:?} is not an address: {port:?} is not a port"),
            format!("write a port from 1 to {}", u16::MAX),
        ),
    }
}

const TARGET_HELP: &str =
    "write host and port: \"10.0.0.1:3000\", \"[::1]:3000\" or \"app.internal:3000\"";

fn socket(text: &str, address: SocketAddr) -> Result<TargetAddress, BadAddress> {
    if address.port() == 0 {
        let help = format!("write a port from 1 to {}", u16::MAX);
        return bad(format!("{text:?} has port 0"), help);
    }
    match reach::refuse(address.ip()) {
        None => Ok(TargetAddress::Socket(address)),
        Some(Forbidden::Unspecified) => {
            let help = "write the address of the target; on this machine 127.0.0.1 or [::1]";
            bad(format!("{text:?} is where to listen, not where to connect"), help)
        }
        Some(why) => {
            let help = "write an address of the target's own, as other machines call it";
            bad(format!("{text:?} is {why}, which targets may never have"), help)
        }
    }
}

/// Reads "0.0.0.0:8080" or "[::]:8080".
pub(crate) fn parse_bind(text: &str) -> Result<SocketAddr, BadAddress> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    without_brackets(text)?;
    let message = format!("{text:?} is not an address to listen on");
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return bad(
            format!("{text:?} has no port"),
            format!("add the port: {:?}", with_port(&ip.to_string(), 8080)),
        );
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let Ok(port) = port.parse::<u16>() else {
        return bad(message, BIND_HELP);
    };
    match host {
        "" | "*" => bad(message, format!("for every address write \"0.0.0.0:{port}\"")),
        "localhost" => bad(message, format!("write \"127.0.0.1:{port}\"")),
        _ => bad(message, BIND_HELP),
    }
}

/// What an address to listen on looks like, for help texts.
pub(crate) const BIND_HELP: &str =
    "write IP address and port: \"0.0.0.0:8080\", \"127.0.0.1:8080\" or \"[::]:8080\"";

/// Refuses "::1:3000": an IPv6 address and a port, but it may as well be another address and none.
fn without_brackets(text: &str) -> Result<(), BadAddress> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| {
        Some(SocketAddr::new(host.parse::<Ipv6Addr>().ok()?.into(), port_number(port)?))
    });
    let Some(meant) = parts.map(|meant| meant.to_string()) else {
        return Ok(());
    };
    let help = match text.parse::<Ipv6Addr>() {
        Ok(_) => format!("write {meant:?}, or add a port: {:?}", with_port(text, 8080)),
        Err(_) => format!("write {meant:?}"),
    };
    bad(format!("{text:?} is an IPv6 address without brackets"), help)
}

fn port_number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn with_port(host: &str, port: u16) -> String {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

/// Whether `text` can be looked up: labels of letters, digits, `-` and `_`, the last not a number alone.
///
/// Underscores are no host names in the strict sense, but container networks have them.
pub(crate) fn is_host(text: &str) -> bool {
    let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(legal)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_an_address_or_a_name_and_a_port() {
        for (text, shown) in [
            ("10.0.0.1:3000", "10.0.0.1:3000"),
            ("[::1]:3000", "[::1]:3000"),
            ("app.internal:3000", "app.internal:3000"),
            ("app.internal.:3000", "app.internal:3000"),
            ("my_app-1:80", "my_app-1:80"),
            ("localhost:65535", "localhost:65535"),
        ] {
            let address = parse_target(text).map(|address| address.to_string());
            assert_eq!(address.as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_what_was_meant() {
        for (text, message, help) in [
            ("10.0.0.1", "has no port", "\"10.0.0.1:8080\""),
            ("::1", "has no port", "\"[::1]:8080\""),
            ("[::1]", "has no port", "\"[::1]:8080\""),
            (
                "::1:3000",
                "without brackets",
                "write \"[::1]:3000\", or add a port: \"[::1:3000]:8080\"",
            ),
            ("1:2:3:4:5:6:7:8:80", "without brackets", "write \"[1:2:3:4:5:6:7:8]:80\""),
            ("2001:db8::", "has no port", "\"[2001:db8::]:8080\""),
            ("1:2:3:4:5:6:7:8", "has no port", "\"[1:2:3:4:5:6:7:8]:8080\""),
            ("[::1:3000]", "has no port", "\"[::1:3000]:8080\""),
            ("::1:0", "has no port", "\"[::1:0]:8080\""),
            ("app", "has no port", "\"app:8080\""),
            ("10.0.0.1:0", "port 0", "1 to 65535"),
            ("app:0", "not a port", "1 to 65535"),
            ("app:99999", "not a port", "1 to 65535"),
            ("app:+80", "not a port", "1 to 65535"),
            ("app:", "not a port", "1 to 65535"),
            ("http://10.0.0.1:3000/x", "is a URL", "\"10.0.0.1:3000\""),
            ("https://shop.example/x", "is a URL", "\"shop.example:443\""),
            ("http://[::1]", "is a URL", "\"[::1]:80\""),
            ("10.0.0.300:80", "neither", "write host and port"),
            ("a b:80", "neither", "write host and port"),
            ("-a:80", "neither", "write host and port"),
            ("", "not an address", "write host and port"),
            ("0.0.0.0:80", "where to listen", "127.0.0.1"),
            (
                "169.254.169.254:80",
                "is a link-local address, which targets may never",
                "as other machines call it",
            ),
            ("[::ffff:169.254.169.254]:80", "is a link-local address", "as other machines call it"),
            ("[fe80::1]:80", "is a link-local address", "as other machines call it"),
            ("[fd00:ec2::254]:80", "is an address of cloud metadata", "as other machines call it"),
            ("224.0.0.1:80", "is a multicast address", "as other machines call it"),
            ("255.255.255.255:80", "is the broadcast address", "as other machines call it"),
        ] {
            let bad = parse_target(text).unwrap_err();
            assert!(bad.message.contains(message), "{text}: {}", bad.message);
            assert!(bad.help.contains(help), "{text}: {}", bad.help);
        }
    }

    #[test]
    fn listening_needs_an_ip_address_and_a_port() {
        assert!(parse_bind("127.0.0.1:0").is_ok());
        assert!(parse_bind("[::]:80").is_ok());
        for (text, help) in [
            (":80", "\"0.0.0.0:80\""),
            ("*:80", "\"0.0.0.0:80\""),
            ("80", "\"0.0.0.0:80\""),
            ("localhost:80", "\"127.0.0.1:80\""),
            (":::80", "\"[::]:80\""),
            ("::1:80", "\"[::1]:80\""),
            ("example.com:80", "write IP address and port"),
            ("0.0.0.0", "\"0.0.0.0:8080\""),
            ("0.0.0.0:http", "write IP address and port"),
        ] {
            let bad = parse_bind(text).unwrap_err();
            assert!(bad.help.contains(help), "{text}: {}", bad.help);
        }
    }
}
