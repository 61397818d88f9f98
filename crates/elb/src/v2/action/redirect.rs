//! Redirects.

use clingfish_model::{
    Action, Listener,
    rule::{BadRedirect, Port, Redirect, Scheme, Template},
};

use super::{Scope, head, refused};
use crate::{Error, Input, Members, constraint::Pattern};

const PROTOCOL: Pattern = Pattern { text: r"^(HTTPS?|#\{protocol\})$", accepts: is_protocol };

fn is_protocol(text: &str) -> bool {
    ["HTTP", "HTTPS", "#{protocol}"].contains(&text)
}

/// Reads `RedirectConfig`. What it leaves out stays as it was, and so does the port, which AWS always writes.
pub(super) fn read(input: &mut Input, scope: Scope<'_>) -> Result<Redirect, Error> {
    let redirect = input.structure("RedirectConfig", read_config)?;
    let redirect = redirect.ok_or_else(|| {
        refused("You must specify 'RedirectConfig' for an action of type 'redirect'")
    })?;
    check(redirect, scope)
}

fn read_config(input: &mut Input) -> Result<Redirect, Error> {
    let same = Redirect::same();
    let scheme = match input.matching_text("Protocol", &PROTOCOL)?.as_deref() {
        Some("HTTP") => Some(Scheme::Http),
        Some("HTTPS") => Some(Scheme::Https),
        _ => None,
    };
    let length = Redirect::PART_LEN_MAX;
    let host = input.sized_text("Host", 1..=length)?;
    let port = input.text("Port")?;
    let path = input.sized_text("Path", 1..=length)?;
    let query = input.sized_text("Query", 0..=length)?;
    let status = input.choice("StatusCode", &[("HTTP_301", true), ("HTTP_302", false)])?;
    let template = |text: Option<String>, new: fn(&str) -> Result<Template, BadRedirect>, same| {
        text.map_or(Ok(same), |text| new(&text).map_err(bad))
    };
    Ok(Redirect {
        scheme,
        host: template(host, Template::host, same.host)?,
        port: port.map_or(Ok(Port::Same), |port| read_port(&port))?,
        path: template(path, Template::path, same.path)?,
        query: template(query, Template::query, same.query)?,
        permanent: input.required("StatusCode", status)?,
    })
}

fn read_port(text: &str) -> Result<Port, Error> {
    if text == "#{port}" {
        return Ok(Port::Same);
    }
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    match text.parse::<u16>().ok().filter(|port| digits && *port > 0) {
        Some(port) => Ok(Port::Number(port)),
        None => Err(bad(BadRedirect::Port { port: text.to_owned() })),
    }
}

fn bad(error: BadRedirect) -> Error {
    match error {
        BadRedirect::Loop => {
            refused("The redirect configuration is not valid because it creates a loop.")
        }
        BadRedirect::Downgrade => {
            refused("The redirect configuration is not valid: you cannot redirect HTTPS to HTTP.")
        }
        other => refused(format!("The redirect configuration is not valid: {other}")),
    }
}

/// What belongs together. AWS wants protocol, host, port or path to change: another query alone leads back.
fn check(redirect: Redirect, scope: Scope<'_>) -> Result<Redirect, Error> {
    let redirect = redirect.check(scope.scheme).map_err(bad)?;
    let same = Redirect::same();
    let port_is_kept = match redirect.port {
        Port::Number(port) => port == scope.port,
        Port::Same | Port::Unsaid => true,
    };
    let is_kept = redirect.scheme.is_none_or(|scheme| scheme == scope.scheme)
        && port_is_kept
        && (&redirect.host, &redirect.path) == (&same.host, &same.path);
    if is_kept { Err(bad(BadRedirect::Loop)) } else { Ok(redirect) }
}

/// Checks the redirects that a listener keeps while it comes to speak something else.
pub(crate) fn check_kept(
    listener: &Listener,
    keeps_default: bool,
    own: Scheme,
) -> Result<(), Error> {
    let default = listener.default_action.iter().filter(|_| keeps_default);
    for action in default.chain(listener.rules.iter().map(|rule| rule.action())) {
        if let Action::Redirect(redirect) = action {
            redirect.clone().check(own).map_err(bad)?;
        }
    }
    Ok(())
}

pub(super) fn members(redirect: &Redirect, own: Scheme) -> Members {
    let protocol = match redirect.scheme {
        None => "#{protocol}",
        Some(Scheme::Http) => "HTTP",
        Some(Scheme::Https) => "HTTPS",
    };
    let port = match redirect.port {
        Port::Number(port) => port.to_string(),
        // Not said, the port of another scheme is that scheme's own.
        Port::Unsaid => match redirect.scheme.filter(|scheme| *scheme != own) {
            Some(scheme) => scheme.port().to_string(),
            None => "#{port}".into(),
        },
        Port::Same => "#{port}".into(),
    };
    let config = Members::default()
        .text("Protocol", protocol)
        .text("Port", port)
        .text("Host", redirect.host.as_str())
        .text("Path", redirect.path.as_str())
        .text("Query", redirect.query.as_str())
        .text("StatusCode", if redirect.permanent { "HTTP_301" } else { "HTTP_302" });
    head("redirect").structure("RedirectConfig", config)
}
