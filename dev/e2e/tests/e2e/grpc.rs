//! gRPC with real clients and services.

use std::time::Duration;

use clingfish_testkit::{Authority, Background, Clingfish, curl, eventually, node, python};

use crate::support::{SOON, Since, log_lines};

const TARGET: &str = include_str!("../../scripts/http2/grpc_target.py");
const PYTHON: &str = include_str!("../../scripts/http2/grpc_client.py");
const NODE: &str = include_str!("../../scripts/http2/grpc_client.js");

/// A service and a Clingfish before it.
struct Stage {
    service: Background,
    clingfish: Clingfish,
}

impl Stage {
    /// In the clear, with lines of the group.
    #[track_caller]
    fn new(group: &str) -> Self {
        let service = Background::python(TARGET, &[]);
        let address = service.address();
        let group = format!("targets = [\"{address}\"]\n{group}");
        let clingfish = Clingfish::start(&config("h2c = true", &group));
        Self { service, clingfish }
    }

    fn at(&self) -> String {
        self.clingfish.listener("grpc").to_string()
    }
}

fn config(listener: &str, group: &str) -> String {
    format!(
        "[server]\nworkers = 1\n[[listeners]]\nname = \"grpc\"\nbind = \"127.0.0.1:0\"\nforward = \"echo\"\n{listener}\n\
         [target_groups.echo]\nprotocol_version = \"GRPC\"\nhealth_check = false\n{group}\n"
    )
}

#[test]
fn calls_of_every_kind_go_through() {
    let stage = Stage::new("");
    for scenario in ["calls", "chat", "errors"] {
        python(PYTHON, &[scenario, &stage.at()]);
    }
    assert!(node(NODE, &[&stage.at()]).contains("all is well"));
}

#[test]
fn calls_go_through_with_tls_on_both_sides() {
    let authority = Authority::new("Test");
    let issued = authority.issue("localhost", &["localhost", "127.0.0.1"]);
    let files = [issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap()];
    let service = Background::python(TARGET, &files);
    let listener = format!("protocol = \"HTTPS\"\ncertificates = [{}]", issued.toml());
    let group = format!("protocol = \"HTTPS\"\ntargets = [\"{}\"]", service.address());
    let clingfish = Clingfish::start(&config(&listener, &group));
    let at = clingfish.listener("grpc").to_string();
    let pem = authority.pem().to_str().unwrap();
    for scenario in ["calls", "chat", "errors"] {
        python(PYTHON, &[scenario, &at, pem]);
    }
    assert!(node(NODE, &[&at, pem]).contains("all is well"));
}

#[test]
fn a_deadline_or_a_cancellation_reaches_the_service() {
    let stage = Stage::new("");
    python(PYTHON, &["deadline", &stage.at()]);
    stage.service.wait_line("over");
    let stage = Stage::new("");
    let mut client = Background::python(PYTHON, &["cancel", &stage.at()]);
    client.wait_line("open");
    // A call that ends before the service knows of it is over for nobody.
    stage.service.wait_line("waits");
    eventually(SOON, || {
        let metrics = stage.clingfish.metrics();
        (metrics.sum("clingfish_target_requests_in_flight", &[]) == 1.0).then_some(())
    });
    let since = Since::now();
    client.tell("cancel");
    stage.service.wait_line("over");
    assert!(since.elapsed() < Duration::from_secs(3));
    client.finish();
}

#[test]
fn our_own_errors_have_a_status_of_grpc() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = closed.local_addr().unwrap();
    for (group, expected) in [
        ("targets = [\"127.0.0.1:1\"]".to_owned(), "14 unavailable"),
        ("targets = []".to_owned(), "14 unavailable"),
        (format!("connect_timeout = \"300ms\"\ntargets = [\"{silent}\"]"), "4 deadline exceeded"),
    ] {
        let clingfish = Clingfish::start(&config("h2c = true", &group));
        let said = python(PYTHON, &["code", &clingfish.listener("grpc").to_string()]);
        assert_eq!(said.trim(), expected, "{group}");
    }
}

#[test]
fn a_group_for_grpc_takes_nothing_else() {
    let stage = Stage::new("");
    let url = format!("http://{}/test.Echo/Unary", stage.at());
    let grpc = "content-type: application/grpc";
    for (args, expected) in [
        (vec!["--http1.1", "-X", "POST", "-H", grpc], "464"),
        (vec!["--http2-prior-knowledge", "-X", "POST"], "464"),
        (vec!["--http2-prior-knowledge", "-H", grpc], "464"),
        (vec!["--http2-prior-knowledge", "-X", "POST", "-H", grpc, "-H", "te: trailers"], "200"),
    ] {
        let show = ["--output", "/dev/null", "--write-out", "%{http_code}", url.as_str()];
        let done = curl(&[args.as_slice(), &show].concat());
        assert_eq!(done.stdout, expected, "{args:?} {}", done.stderr);
    }
    let lines =
        eventually(SOON, || Some(log_lines(&stage.clingfish)).filter(|lines| lines.len() == 4));
    let reasons: Vec<_> = lines.iter().filter(|line| line["elb_status_code"] == 464).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons.iter().all(|line| line["error_reason"] == "protocol_incompatible"));
}

#[test]
fn a_refusal_arrives_whole_while_the_call_is_still_being_sent() {
    const CALLS: usize = 40;
    let stage = Stage::new("");
    let url = format!("http://{}/test.Echo/Unary", stage.at());
    for call in 0..CALLS {
        // It sends its body apart from its head, and loses the answer where the stream is reset behind it.
        let args = ["--http2-prior-knowledge", "--data-binary", "not a message", "--output"];
        let show = ["/dev/null", "--write-out", "%{http_code}", url.as_str()];
        let done = curl(&[args, show].concat());
        assert_eq!(done.stdout, "464", "call {call}: {}", done.stderr);
    }
}

#[test]
fn small_messages_now_and_then_are_no_slow_upload() {
    let stage = Stage::new("");
    let script = PYTHON.replace("globals()[sys.argv[1]]()", "")
        + "\nimport time\ndef slowly():\n    for number in range(13):\n        yield b'm'\n        time.sleep(1)\n\
           assert stub('stream_unary', 'Collect')(slowly()) == b','.join([b'm'] * 13)\n";
    python(&script, &["", &stage.at()]);
}

#[test]
fn a_stream_on_which_nothing_happens_ends_with_the_response_timeout() {
    let stage = Stage::new("response_timeout = \"1s\"");
    let script = PYTHON.replace("globals()[sys.argv[1]]()", "")
        + "\nimport time\nbegan = time.monotonic()\n\
           call = stub('stream_stream', 'Chat')(iter(lambda: threading.Event().wait() or b'', None))\n\
           try:\n    next(call)\nexcept grpc.RpcError as error:\n    print(error.code(), time.monotonic() - began < 8)\n\
           import os\nos._exit(0)";
    let said = Background::python(&script, &["", &stage.at()]).wait_line("StatusCode");
    assert!(said.ends_with("True"), "{said}");
}
