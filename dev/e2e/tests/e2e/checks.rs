//! Health checks over other than plain HTTP/1.1, with grpcio, OpenSSL by Python, and a bare socket as targets.

use std::net::{SocketAddr, TcpListener};

use clingfish_testkit::{Authority, Clingfish, RawClient, Target, eventually, python_server};

use crate::support::{SOON, targets, web};

const GRPC_HEALTH: &str = include_str!("../../scripts/grpc_health.py");
const TLS_TARGET: &str = include_str!("../../scripts/tls_target.py");

/// As fast as tests want them.
const OFTEN: &str = "interval = \"200ms\", timeout = \"150ms\", unhealthy_threshold = 1";

/// State and reason of the only target of a group, once it has been checked.
#[track_caller]
fn state(clingfish: &Clingfish, group: &str) -> (String, String) {
    eventually(SOON, || {
        let metrics = clingfish.metrics();
        let info = metrics.samples().iter().find(|sample| {
            sample.name == "clingfish_target_state_info"
                && sample.label("target_group") == Some(group)
        })?;
        let label = |key| info.label(key).unwrap_or_default().to_owned();
        let state = (label("state"), label("reason"));
        (state.0 != "initial").then_some(state)
    })
}

/// A configuration of many groups of one target, all in use.
fn groups(groups: &[(&str, SocketAddr, String)]) -> String {
    let group = |(name, target, lines): &(&str, SocketAddr, String)| {
        format!(
            "[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nforward = \"{name}\"\n\
             [target_groups.{name}]\ntargets = [\"{target}\"]\n{lines}\n"
        )
    };
    groups.iter().map(group).collect()
}

fn local(port: &str) -> SocketAddr {
    format!("127.0.0.1:{port}").parse().unwrap()
}

#[test]
fn servers_of_grpc_are_called_as_alb_calls_them_or_by_their_health_service() {
    let (_running, ports) = python_server(GRPC_HEALTH, &[]);
    let ports: Vec<SocketAddr> = ports.split(' ').map(local).collect();
    let [serving, not_serving, without] = ports[..] else { panic!("three ports: {ports:?}") };
    // An interpreter takes its time for the first call.
    let patient = "interval = \"2s\", timeout = \"1900ms\", unhealthy_threshold = 1";
    let check =
        |more: &str| format!("protocol_version = \"GRPC\"\nhealth_check = {{ {patient}{more} }}");
    let service = ", path = \"/grpc.health.v1.Health/Check\"";
    let clingfish = Clingfish::start(&groups(&[
        ("alb", serving, check("")),
        ("alb-without", without, check("")),
        ("wants-0", without, check(", matcher = \"0\"")),
        ("serving", serving, check(service)),
        ("not-serving", not_serving, check(service)),
        ("without", without, check(service)),
    ]));
    for (group, expected) in [
        ("alb", ("healthy", "")),
        ("alb-without", ("healthy", "")),
        ("wants-0", ("unhealthy", "Target.ResponseCodeMismatch")),
        ("serving", ("healthy", "")),
        ("not-serving", ("unhealthy", "Target.FailedHealthChecks")),
        ("without", ("unhealthy", "Target.ResponseCodeMismatch")),
    ] {
        let (state, reason) = state(&clingfish, group);
        assert_eq!((state.as_str(), reason.as_str()), expected, "{group}");
    }
}

#[test]
fn certificates_of_checked_targets_count_where_those_of_the_group_do() {
    let (root, other) = (Authority::new("root"), Authority::new("other"));
    let issued = root.issue("app", &["localhost"]);
    let files = [&issued.certificate, &issued.key].map(|path| path.to_str().unwrap());
    let (_running, port) = python_server(TLS_TARGET, &files);
    let target = local(&port);
    // It serves one connection at a time.
    let patient = "interval = \"2s\", timeout = \"1900ms\", unhealthy_threshold = 1";
    let check = format!("health_check = {{ {patient} }}");
    let https = |lines: &str| format!("protocol = \"HTTPS\"\n{lines}\n{check}");
    let vouched = |authority: &Authority| {
        https(&format!("tls.ca = {:?}\ntls.server_name = \"localhost\"", authority.pem()))
    };
    let over = format!("health_check = {{ protocol = \"HTTPS\", {patient} }}");
    let clingfish = Clingfish::start(&groups(&[
        ("https", target, https("")),
        ("only-the-check", target, over),
        ("vouched", target, vouched(&root)),
        ("by-another", target, vouched(&other)),
        ("without-tls", target, check.clone()),
    ]));
    for (group, expected) in [
        ("https", ("healthy", "")),
        ("only-the-check", ("healthy", "")),
        ("vouched", ("healthy", "")),
        ("by-another", ("unhealthy", "Target.FailedHealthChecks")),
        ("without-tls", ("unhealthy", "Target.FailedHealthChecks")),
    ] {
        let (state, reason) = state(&clingfish, group);
        assert_eq!((state.as_str(), reason.as_str()), expected, "{group}");
    }
}

#[test]
fn a_check_of_tcp_is_content_with_a_connection() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = closed.local_addr().unwrap();
    drop(closed);
    let tcp = format!("health_check = {{ protocol = \"TCP\", {OFTEN} }}");
    let clingfish = Clingfish::start(&groups(&[
        ("silent", silent.local_addr().unwrap(), tcp.clone()),
        ("gone", gone, tcp),
    ]));
    assert_eq!(state(&clingfish, "silent").0, "healthy");
    assert_eq!(state(&clingfish, "gone"), ("unhealthy".into(), "Target.FailedHealthChecks".into()));
}

#[test]
fn a_request_finds_the_target_that_passes_its_check_on_another_port() {
    let (target, door) = (Target::start("app"), Target::start("door"));
    let port = door.address().port();
    let check = format!("health_check = {{ port = {port}, path = \"/up\", {OFTEN} }}");
    let clingfish = Clingfish::start(&web(&format!("{}\n{check}", targets(&[("app", &target)]))));
    assert_eq!(state(&clingfish, "web").0, "healthy");
    let checks = door.wait_requests(2);
    let check = checks.first().unwrap();
    assert_eq!(check.path(), "/up");
    assert_eq!(check.header("user-agent"), Some("ELB-HealthChecker/2.0"));
    assert_eq!(check.header("host"), Some(door.address().to_string().as_str()));
    assert_ne!(checks[0].connection, checks[1].connection, "a connection for each check");
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert_eq!(answer.status, 200);
    assert!(target.requests().iter().all(|request| request.path() != "/up"));
}
