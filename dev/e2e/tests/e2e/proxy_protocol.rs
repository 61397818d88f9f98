//! PROXY headers: from balancers of connections in front, and to targets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread,
    time::Duration,
};

use clingfish_testkit::{Authority, Clingfish, RawClient, Target, curl, eventually, python};

use crate::support::{SOON, Since, log_line, targets};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Version 2 for `192.0.2.7:40000`, with an addition.
fn version_2() -> Vec<u8> {
    let addresses = [192, 0, 2, 7, 198, 51, 100, 1, 0x9c, 0x40, 1, 0xbb];
    [SIGNATURE, &[0x21, 0x11, 0, 16], &addresses, &[4, 0, 1, 0]].concat()
}

/// Before one target; connections must begin with a PROXY header and come from there.
#[track_caller]
fn behind(from: &str, balancer: &str, target: &Target) -> Clingfish {
    Clingfish::start(&format!(
        r#"
        [server]
        workers = 1

        [load_balancers.default]
        {balancer}

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"
        proxy_protocol_from = ["{from}"]

        [target_groups.web]
        {}
        health_check = false
        "#,
        targets(&[("app", target)])
    ))
}

#[track_caller]
fn refusals(clingfish: &Clingfish, reason: &str) -> f64 {
    clingfish.metrics().sum("clingfish_proxy_protocol_refused_total", &[("reason", reason)])
}

#[test]
fn the_address_of_the_header_is_the_clients_everywhere() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "xff_client_port = true", &target);
    let v6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 5555 443\r\n".to_vec();
    for (path, preamble, address) in [
        ("/v1", b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n".to_vec(), "192.0.2.7:40000"),
        ("/v1-ipv6", v6, "[2001:db8::7]:5555"),
        ("/v2", version_2(), "192.0.2.7:40000"),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send([preamble, request.into()].concat()).expect("it reads");
        assert_eq!(client.read_final_response().expect("it answers").status, 200, "{path}");
        let received = target.requests().pop().expect("it came");
        assert_eq!(received.header("x-forwarded-for"), Some(address), "{path}");
        let line = log_line(&clingfish, path);
        assert_eq!(line["client"], address, "{line}");
        // The header holds for the connection, not for a request.
        client.send(format!("GET {path}/2 HTTP/1.1\r\nHost: a\r\n\r\n")).expect("it reads");
        assert_eq!(client.read_final_response().expect("it answers").status, 200, "{path}");
        let received = target.requests().pop().expect("it came");
        assert_eq!(received.header("x-forwarded-for"), Some(address), "{path}");
    }
}

#[test]
fn a_header_may_come_byte_by_byte() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "", &target);
    for preamble in [b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n".to_vec(), version_2()] {
        let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
        for byte in preamble {
            client.send([byte]).expect("it reads");
        }
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("it reads");
        assert_eq!(client.read_final_response().expect("it answers").status, 200);
        let received = target.requests().pop().expect("it came");
        assert_eq!(received.header("x-forwarded-for"), Some("192.0.2.7"));
    }
}

#[test]
fn a_trusted_balancers_client_is_not_trusted_itself() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "trusted_proxies = [\"127.0.0.1\"]", &target);
    let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n".to_vec();
    client.send([version_2(), request].concat()).expect("it reads");
    assert_eq!(client.read_final_response().expect("it answers").status, 200);
    let received = target.requests().pop().expect("it came");
    assert_eq!(received.header("x-forwarded-proto"), Some("http"));
}

#[test]
fn a_balancer_that_speaks_for_itself_keeps_its_address() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "", &target);
    for preamble in [b"PROXY UNKNOWN\r\n".to_vec(), [SIGNATURE, &[0x20, 0, 0, 0]].concat()] {
        let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
        client.send([preamble, request].concat()).expect("it reads");
        assert_eq!(client.read_final_response().expect("it answers").status, 200);
        let received = target.requests().pop().expect("it came");
        assert_eq!(received.header("x-forwarded-for"), Some("127.0.0.1"));
    }
}

#[test]
fn connections_without_a_proper_header_are_closed_and_counted() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "", &target);
    for (reason, bytes) in [
        ("missing", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("malformed", b"PROXY TCP4 nobody nowhere 1 2\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        ("malformed", [SIGNATURE, &[0x31, 0x11, 0, 0]].concat()),
        ("too_long", [SIGNATURE, &[0x21, 0x11, 0xff, 0xff]].concat()),
    ] {
        let before = refusals(&clingfish, reason);
        let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
        client.send(&bytes).expect("it reads");
        assert!(client.read_final_response().is_err(), "{reason} gets no answer");
        assert_eq!(refusals(&clingfish, reason), before + 1.0, "{reason}");
    }
    let client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
    client.finish_sending().expect("it is open");
    eventually(SOON, || (refusals(&clingfish, "closed") == 1.0).then_some(()));
    assert_eq!(target.count(), 0);
}

#[test]
fn nobody_else_may_connect_whatever_they_say() {
    let target = Target::start("app");
    let clingfish = behind("192.0.2.0/24", "", &target);
    let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
    // It may be closed before all of this is sent.
    let _ = client.send([version_2(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()].concat());
    assert!(client.read_final_response().is_err());
    eventually(SOON, || (refusals(&clingfish, "not_allowed") == 1.0).then_some(()));
    assert_eq!(target.count(), 0);
}

#[test]
fn a_header_that_does_not_come_in_time_ends_the_connection() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "head_timeout = \"300ms\"", &target);
    let since = Since::now();
    let mut client = RawClient::connect(clingfish.listener("web")).expect("it accepts");
    client.send("PROXY TCP4 192.0.2.7").expect("it reads");
    assert!(client.read_final_response().is_err());
    assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
    assert_eq!(refusals(&clingfish, "timeout"), 1.0);
}

#[test]
fn curl_and_haproxy_are_understood() {
    let target = Target::start("app");
    let clingfish = behind("127.0.0.1", "xff_client_port = true", &target);
    let web = clingfish.listener("web");
    let done =
        curl(&["--haproxy-protocol", "-w", "%{local_port}", &format!("http://{web}/bytes/0")]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let received = target.requests().pop().expect("it came");
    let expected = format!("127.0.0.1:{}", done.stdout);
    assert_eq!(received.header("x-forwarded-for"), Some(expected.as_str()));
    for send in ["send-proxy", "send-proxy-v2"] {
        let port = python(HAPROXY, &[&web.to_string(), send]);
        let received = target.requests().pop().expect("it came");
        let expected = format!("127.0.0.2:{}", port.trim());
        assert_eq!(received.header("x-forwarded-for"), Some(expected.as_str()), "{send}");
    }
}

/// Starts HAProxy before the address, with that option of `server`; asks through it from 127.0.0.2, and prints the client's port.
const HAPROXY: &str = r#"
import http.client, os, socket, subprocess, sys, tempfile

web, send = sys.argv[1:]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
config = f"""
defaults
    mode tcp
    timeout connect 10s
    timeout client 10s
    timeout server 10s
listen front
    bind fd@{listener.fileno()}
    server web {web} {send}
"""
with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
    file.write(config)
    file.flush()
    command = ["/usr/sbin/haproxy", "-db", "-f", file.name]
    haproxy = subprocess.Popen(command, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
    try:
        client = http.client.HTTPConnection(*listener.getsockname(), timeout=10, source_address=("127.0.0.2", 0))
        client.request("GET", "/")
        answer = client.getresponse()
        assert answer.status == 200, answer.status
        answer.read()
        print(client.sock.getsockname()[1])
    finally:
        haproxy.terminate()
        haproxy.wait()
"#;

/// A target that notes all that comes on each connection, and answers whatever ends in an empty line.
struct Noting {
    address: SocketAddr,
    connections: mpsc::Receiver<Vec<u8>>,
}

impl Noting {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (sender, connections) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Self { address, connections }
    }

    /// What has come on the next connection until it was closed.
    #[track_caller]
    fn next(&self) -> Vec<u8> {
        self.connections.recv_timeout(SOON).expect("a connection ends")
    }
}

fn serve(mut stream: std::net::TcpStream, sender: &mpsc::Sender<Vec<u8>>) {
    let mut came = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        came.extend_from_slice(&buffer[..count]);
        if count == 0 {
            break;
        }
        if came.ends_with(b"\r\n\r\n")
            && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err()
        {
            break;
        }
    }
    // The test may be over.
    let _ = sender.send(came);
}

#[test]
fn targets_are_told_the_client_and_share_no_connection() {
    for (setting, is_text, ip) in [
        ("proxy_protocol = \"v1\"", true, "127.0.0.1"),
        ("proxy_protocol = \"v2\"", false, "127.0.0.1"),
        ("proxy_protocol_v2.enabled = true", false, "127.0.0.1"),
        // The one of all addresses that the client connected to.
        ("proxy_protocol = \"v1\"", true, "0.0.0.0"),
    ] {
        let target = Noting::start();
        let clingfish = Clingfish::start(&format!(
            r#"
            [[listeners]]
            name = "web"
            bind = "{ip}:0"
            forward = "web"

            [target_groups.web]
            targets = ["{}"]
            health_check = false
            {setting}
            "#,
            target.address
        ));
        let web = SocketAddr::from(([127, 0, 0, 1], clingfish.listener("web").port()));
        let mut client = RawClient::connect(web).expect("it accepts");
        let port = client.local_address().expect("it is bound").port();
        for path in ["/first", "/second"] {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).expect("it reads");
            assert_eq!(client.read_final_response().expect("it answers").text(), "ok");
            let came = target.next();
            let expected = if is_text {
                format!("PROXY TCP4 127.0.0.1 127.0.0.1 {port} {}\r\n", web.port()).into_bytes()
            } else {
                let (from, to) = (port.to_be_bytes(), web.port().to_be_bytes());
                let local = [127, 0, 0, 1];
                [SIGNATURE, &[0x21, 0x11, 0, 12], &local, &local, &from, &to].concat()
            };
            assert!(
                came.starts_with(&expected),
                "{setting}: {:?}",
                came.escape_ascii().to_string()
            );
            let head = String::from_utf8_lossy(&came[expected.len()..]).into_owned();
            assert!(head.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{setting}: {head}");
            assert_eq!(head.matches("HTTP/1.1\r\n").count(), 1, "{setting}: {head}");
        }
    }
}

#[test]
fn checks_of_such_targets_begin_with_a_header_of_our_own() {
    for (version, expected) in
        [("v1", b"PROXY UNKNOWN\r\n".to_vec()), ("v2", [SIGNATURE, &[0x20, 0, 0, 0]].concat())]
    {
        let target = Noting::start();
        let _clingfish = Clingfish::start(&format!(
            r#"
            [[listeners]]
            bind = "127.0.0.1:0"
            forward = "web"

            [target_groups.web]
            targets = ["{}"]
            proxy_protocol = "{version}"
            "#,
            target.address
        ));
        let came = target.next();
        assert!(came.starts_with(&expected), "{version}: {:?}", came.escape_ascii().to_string());
    }
}

#[test]
fn a_header_comes_before_tls_and_targets_are_told_of_both() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let target = Target::start("app");
    let clingfish = Clingfish::start(&format!(
        r#"
        [load_balancers.default]
        tls_headers = true
        xff_client_port = true

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"
        protocol = "HTTPS"
        certificates = [{}]
        proxy_protocol_from = ["127.0.0.1"]
        request_header_names.tls_version = "X-Tls"

        [target_groups.web]
        {}
        health_check = false
        "#,
        issued.toml(),
        targets(&[("app", &target)])
    ));
    let web = clingfish.listener("web");
    let (url, resolve) = (
        format!("https://shop.example:{}/bytes/0", web.port()),
        format!("shop.example:{}:{}", web.port(), web.ip()),
    );
    let ca = authority.pem();
    let ca = ca.to_str().expect("a plain path");
    let shows = ["--haproxy-protocol", "--http1.1", "--tls-max", "1.2", "-w", "%{local_port}"];
    let done = curl(&[&shows[..], &["--resolve", &resolve, "--cacert", ca, &url]].concat());
    assert_eq!(done.status, 0, "{}", done.stderr);
    let received = target.requests().pop().expect("it came");
    let expected = format!("127.0.0.1:{}", done.stdout);
    assert_eq!(received.header("x-forwarded-for"), Some(expected.as_str()));
    assert_eq!(received.header("x-forwarded-proto"), Some("https"));
    assert_eq!(received.header("x-tls"), Some("TLSv1.2"));
    assert_eq!(received.header("x-amzn-tls-version"), None);
    let cipher = received.header("x-amzn-tls-cipher-suite").expect("it is there");
    assert!(cipher.starts_with("ECDHE-"), "{cipher}");
}
