//! Pages of other sites, whose visitors' browsers can reach the API.

use clingfish_testkit::{RawClient, Response};

use super::{Cloud, groups_of};

const CREATE: &str =
    "Action=CreateTargetGroup&Version=2015-12-01&Protocol=HTTP&Port=80&VpcId=vpc-1&Name=";
const CHROME: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0\r\n";

/// The creation of a group of that name, as a link or a form would have it, with these header lines. `{host}` is the API's own.
#[track_caller]
fn create(cloud: &Cloud, method: &str, name: &str, lines: &str) -> Response {
    let host = cloud.clingfish.admin();
    let lines = lines.replace("{host}", &host.to_string());
    let lines = if lines.contains("Host:") { lines } else { format!("Host: {host}\r\n{lines}") };
    let request = match method {
        "GET" => format!("GET /?{CREATE}{name} HTTP/1.1\r\n{lines}\r\n"),
        _ => format!(
            "POST / HTTP/1.1\r\n{lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{CREATE}{name}",
            CREATE.len() + name.len()
        ),
    };
    let mut client = RawClient::connect(host).expect("it listens");
    client.send(request).expect("it reads");
    client.read_final_response().expect("it answers")
}

#[test]
fn what_another_sites_page_sends_changes_nothing() {
    let mut cloud = Cloud::start();
    for (lines, status) in [
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://{host}\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\nOrigin: http://{host}\r\n", 403),
        (CHROME, 403),
        ("Host: evil.example\r\n", 421),
        (
            "Host: evil.example\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n",
            421,
        ),
        ("Host: 169.254.169.254\r\n", 421),
    ] {
        for method in ["GET", "POST"] {
            let answer = create(&cloud, method, "evil", lines);
            assert_eq!(answer.status, status, "{method} {lines}: {}", answer.text());
            assert!(answer.header("access-control-allow-origin").is_none());
            assert!(answer.text().contains("<Code>AccessDenied</Code>"), "{}", answer.text());
        }
    }
    assert_eq!(cloud.file(), cloud.before);
    assert_eq!(groups_of(&mut cloud.elb), [""; 0]);
}

#[test]
fn programs_and_pages_of_its_own_are_answered() {
    let mut cloud = Cloud::start();
    let own_page = format!("Origin: http://{{host}}\r\nSec-Fetch-Site: same-origin\r\n{CHROME}");
    for (at, lines) in ["", "User-Agent: curl/8.0\r\n", &own_page].into_iter().enumerate() {
        for method in ["GET", "POST"] {
            let answer = create(&cloud, method, &format!("{method}-{at}"), lines);
            assert_eq!(answer.status, 200, "{method} {lines}: {}", answer.text());
        }
    }
    assert_eq!(
        groups_of(&mut cloud.elb),
        ["GET-0", "GET-1", "GET-2", "POST-0", "POST-1", "POST-2"]
    );
}
