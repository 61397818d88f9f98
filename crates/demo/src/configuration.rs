//! The configuration file that the demo runs on.

use std::net::SocketAddr;

/// The name of the instance at that position, which is its target id too: `instance-a`, `instance-b`, ...
pub fn instance_name(position: usize) -> String {
    match u8::try_from(position) {
        Ok(letter @ 0..26) => format!("instance-{}", char::from(b'a' + letter)),
        _ => format!("instance-{}", position + 1),
    }
}

/// Writes the configuration for these applications, named by [`instance_name`] in their order.
///
/// Health checks are quick so that the story is: a target leaves after a second at the latest and is back
/// half a second after it answers again. Leaving takes four checks, because the story shows what happens
/// *before* Clingfish knows. One worker, so that turns are taken by one.
pub fn configuration(
    listener: SocketAddr,
    admin: SocketAddr,
    apps: &[SocketAddr],
    sticky: bool,
) -> String {
    let targets: String = apps
        .iter()
        .enumerate()
        .map(|(position, address)| {
            let id = instance_name(position);
            format!("    {{ id = \"{id}\", address = \"{address}\" }},\n")
        })
        .collect();
    let stickiness = if sticky {
        "stickiness = { type = \"lb_cookie\", duration = \"1h\" }"
    } else {
        "# stickiness = { type = \"lb_cookie\", duration = \"1h\" }"
    };
    format!(
        "\
# Written by `clingfish demo`: two instances of one stateful application.

[server]
workers = 1

[admin]
bind = \"{admin}\"

[load_balancers.default]
debug_header = true

[[listeners]]
bind = \"{listener}\"
forward = \"web\"

[target_groups.web]
targets = [
{targets}]
{stickiness}

[target_groups.web.health_check]
path = \"/health\"
interval = \"250ms\"
timeout = \"200ms\"
healthy_threshold = 2
unhealthy_threshold = 4
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_every_instance_and_says_whether_sessions_stay() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for (sticky, line) in [(true, "\nstickiness = {"), (false, "\n# stickiness = {")] {
            let text = configuration(address(1), address(2), &[address(3), address(4)], sticky);
            for part in [
                line,
                "{ id = \"instance-a\", address = \"127.0.0.1:3\" },",
                "{ id = \"instance-b\", address = \"127.0.0.1:4\" },",
                "[[listeners]]\nbind = \"127.0.0.1:1\"",
                "[admin]\nbind = \"127.0.0.1:2\"",
                "debug_header = true",
            ] {
                assert!(text.contains(part), "{part} in\n{text}");
            }
        }
    }
}
