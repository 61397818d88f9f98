//! Groups that speak HTTP/2, and targets that do or do not.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use clingfish_testkit::{Authority, Background, Clingfish, Launch, RawClient, Target, curl, node};

use super::TARGET;
use crate::support::{Since, web_with};

const NODE_TARGET: &str = include_str!("../../../scripts/http2/target.js");
const NODE_CLIENT: &str = include_str!("../../../scripts/http2/client.js");

#[track_caller]
fn before(address: SocketAddr, group: &str) -> Clingfish {
    let group = format!(
        "targets = [\"{address}\"]\nprotocol_version = \"HTTP2\"\nhealth_check = false\n{group}"
    );
    let config = web_with("", &group).replace("name = \"web\"", "name = \"web\"\nh2c = true");
    Launch::new(&config).start()
}

/// A target that does something with each connection.
fn target(serve: impl Fn(std::net::TcpStream) + Send + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

#[track_caller]
fn is_told_apart(clingfish: &Clingfish, expected: (u16, &str)) {
    let since = Since::now();
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert_eq!((answer.status, answer.header("clingfish-error").unwrap()), expected);
    assert!(since.elapsed() < Duration::from_secs(3), "promptly");
}

#[test]
fn a_target_that_does_not_speak_http2_is_a_502_at_once() {
    let http1 = Target::start("http1");
    let closing = target(drop);
    let chatty = target(|mut stream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        let _ = stream.read(&mut [0; 1000]);
    });
    for address in [http1.address(), closing, chatty] {
        is_told_apart(&before(address, ""), (502, "target_not_http2"));
    }
}

#[test]
fn a_target_that_keeps_silent_is_a_504_after_the_connect_timeout() {
    let silent =
        target(|mut stream| while stream.read(&mut [0; 1000]).is_ok_and(|count| count > 0) {});
    is_told_apart(&before(silent, "connect_timeout = \"500ms\""), (504, "connect_timeout"));
}

#[test]
fn a_target_with_tls_that_does_not_agree_on_http2_is_a_502() {
    let authority = Authority::new("Test");
    let issued = authority.issue("localhost", &["localhost", "127.0.0.1"]);
    let files = [issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap(), "--h1"];
    let without = Background::python(TARGET, &files);
    let clingfish = before(without.address(), "protocol = \"HTTPS\"");
    is_told_apart(&clingfish, (502, "target_not_http2"));
    let with = Background::python(TARGET, &files[..2]);
    let clingfish = before(with.address(), "protocol = \"HTTPS\"");
    let answer = RawClient::get(clingfish.listener("web"), "/echo").unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("[\":scheme\", \"https\"]"), "{}", answer.text());
}

#[test]
fn node_speaks_http2_as_client_and_as_target() {
    let service = Background::node(NODE_TARGET, &[]);
    let clingfish = before(service.address(), "");
    let at = format!("http://{}", clingfish.listener("web"));
    assert!(node(NODE_CLIENT, &[&at]).contains("all is well"));
}

#[test]
fn curl_speaks_http2_with_tls_and_in_the_clear() {
    let authority = Authority::new("Test");
    let issued = authority.issue("localhost", &["localhost", "127.0.0.1"]);
    let service = Background::python(TARGET, &[]);
    let clingfish = Launch::new(&format!(
        "[[listeners]]\nname = \"tls\"\nbind = \"127.0.0.1:0\"\nprotocol = \"HTTPS\"\ncertificates = [{}]\nforward = \"web\"\n\
         [[listeners]]\nname = \"clear\"\nbind = \"127.0.0.1:0\"\nh2c = true\nforward = \"web\"\n\
         [target_groups.web]\nprotocol_version = \"HTTP2\"\nhealth_check = false\ntargets = [\"{}\"]\n",
        issued.toml(),
        service.address()
    ))
    .start();
    let port = |name| clingfish.listener(name).port();
    let pem = authority.pem().to_str().unwrap();
    let secure = format!("https://localhost:{}/echo", port("tls"));
    let clear = format!("http://localhost:{}/echo", port("clear"));
    for (args, version) in [
        (vec!["--http2", "--cacert", pem, "--ipv4", &secure], "2"),
        (vec!["--http1.1", "--cacert", pem, "--ipv4", &secure], "1.1"),
        (vec!["--http2-prior-knowledge", "--ipv4", &clear], "2"),
        (vec!["--http1.1", "--ipv4", &clear], "1.1"),
    ] {
        let show = ["--data-binary", "0123456789", "--write-out", " %{http_code} %{http_version}"];
        let done = curl(&[args.as_slice(), &show].concat());
        assert!(done.stdout.ends_with(&format!(" 200 {version}")), "{done:?}");
        assert!(done.stdout.contains("\"bytes\": 10"), "{done:?}");
    }
}
