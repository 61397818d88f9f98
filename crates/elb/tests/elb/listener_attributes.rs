//! Attributes of listeners: header fields that they insert, rename or leave out.

use clingfish_elb::Code;

use crate::support::Cloud;

const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"

[load_balancers.shop]
id = "50dc6c495c0c9188"

[[listeners]]
name = "web"
id = "f2f7dc8efc522ab2"
bind = "0.0.0.0:80"
load_balancer = "shop"
forward = false
response_headers = { x_frame_options = "DENY" }
request_header_names = { tls_version = "X-Version" }
"#;

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                        listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const FRAMES: &str = "routing.http.response.x_frame_options.header_value";
const VERSION: &str = "routing.http.request.x_amzn_tls_version.header_name";
const SERVER: &str = "routing.http.response.server.enabled";

fn form(attributes: &[(&str, &str)]) -> String {
    let one = |(at, (key, value)): (usize, &(&str, &str))| {
        format!("&Attributes.member.{at}.Key={key}&Attributes.member.{at}.Value={value}")
    };
    let list: String = (1..).zip(attributes).map(one).collect();
    format!("Action=ModifyListenerAttributes&ListenerArn={LISTENER}{list}")
}

#[test]
fn every_attribute_is_shown_with_its_value_or_default() {
    let form = format!("Action=DescribeListenerAttributes&ListenerArn={LISTENER}");
    let answer = Cloud::new(FILE).call(&form).unwrap();
    for (key, value) in [
        (SERVER, "<Value>true</Value>"),
        (FRAMES, "<Value>DENY</Value>"),
        ("routing.http.response.content_security_policy.header_value", "<Value/>"),
        (VERSION, "<Value>X-Version</Value>"),
        (
            "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
            "<Value>X-Amzn-Mtls-Clientcert-Leaf</Value>",
        ),
    ] {
        let member = format!("<member><Key>{key}</Key>{value}</member>");
        assert!(answer.contains(&member), "{key}: {answer}");
    }
    assert_eq!(answer.matches("<member>").count(), 19);
}

#[test]
fn attributes_are_written_in_the_words_of_the_file() {
    for (attributes, edits) in [
        (vec![(SERVER, "false")], vec!["server_header = false"]),
        (vec![(SERVER, "true")], vec![]),
        (vec![(FRAMES, "SAMEORIGIN")], vec![r#"response_headers.x_frame_options = "SAMEORIGIN""#]),
        (vec![(FRAMES, "DENY")], vec![]),
        (vec![(FRAMES, "")], vec!["response_headers.x_frame_options gone"]),
        (
            vec![(VERSION, "X-Amzn-Tls-Version"), (SERVER, "false")],
            vec!["request_header_names.tls_version gone", "server_header = false"],
        ),
        (vec![(VERSION, "X-V")], vec![r#"request_header_names.tls_version = "X-V""#]),
    ] {
        let edits: Vec<_> = edits.iter().map(|edit| format!("[[listeners]] web {edit}")).collect();
        assert_eq!(Cloud::new(FILE).edits(&form(&attributes)).unwrap(), edits, "{attributes:?}");
    }
}

#[test]
fn what_browsers_and_targets_could_not_read_is_refused() {
    for (attributes, message) in [
        (
            vec![("stickiness.enabled", "true")],
            "Listener attribute key 'stickiness.enabled' is not recognized".to_owned(),
        ),
        (
            vec![(SERVER, "yes")],
            format!("'{SERVER}' value 'yes' is not valid; it must be one of [true, false]"),
        ),
        (
            vec![(FRAMES, "ALLOW")],
            format!("'{FRAMES}' value 'ALLOW' is not valid; write \"DENY\" or \"SAMEORIGIN\""),
        ),
        (
            vec![(VERSION, "Host")],
            format!(
                "'{VERSION}' value 'Host' is not valid; \"Host\" means something else already: choose another name"
            ),
        ),
        (
            vec![(SERVER, "true"), (SERVER, "false")],
            format!("Listener attribute key '{SERVER}' is specified more than once"),
        ),
    ] {
        let refusal = Cloud::new(FILE).refusal(&form(&attributes));
        assert_eq!(refusal, (Code::ValidationError, message), "{attributes:?}");
    }
}
