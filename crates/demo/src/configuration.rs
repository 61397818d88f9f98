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
/// *before* Clingfish knows. One worker, so that turns are taken by one. No access log, because the story
/// has the terminal.
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

[access_log]
sink = \"off\"

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
    use clingfish_model::{Stickiness, TargetAddress, desired::LogSink};

    use super::*;

    #[test]
    fn the_file_says_what_the_story_needs() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for sticky in [true, false] {
            let text = configuration(address(1), address(2), &[address(3), address(4)], sticky);
            let (state, warnings) = clingfish_config::parse(&text).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            assert_eq!(state.admin.bind, address(2));
            assert_eq!(state.listeners[0].bind, address(1));
            assert_eq!(state.access_log.sink, LogSink::Off);
            assert!(state.load_balancers[0].debug_header);
            let group = &state.target_groups[0];
            assert_eq!(group.stickiness != Stickiness::Off, sticky);
            let targets = group.targets.iter();
            let targets: Vec<_> = targets.map(|t| (t.id.as_str(), &t.address)).collect();
            let [a, b] = [3, 4].map(|port| TargetAddress::Socket(address(port)));
            assert_eq!(targets, [("instance-a", &a), ("instance-b", &b)]);
        }
    }

    #[test]
    fn instances_are_named_by_letters_while_there_are_any() {
        for (position, name) in
            [(0, "instance-a"), (25, "instance-z"), (26, "instance-27"), (1000, "instance-1001")]
        {
            assert_eq!(instance_name(position), name);
        }
    }
}
