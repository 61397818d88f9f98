//! What targets get to see of a request head.

use clingfish_testkit::{Received, Target};

use super::{ask, last};
use crate::support::before;

/// `text` with what is random or a matter of time replaced by `x`.
fn without_ids(text: &str) -> String {
    let mut after_root = false;
    let parts = text.split("=1-").map(|part| {
        let hidden = 33.min(if after_root { part.len() } else { 0 });
        after_root = true;
        let (id, rest) = part.split_at(hidden);
        let id: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        id + rest
    });
    parts.collect::<Vec<_>>().join("=1-")
}

#[test]
fn heads_are_written_anew() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    let answer = ask(
        web,
        "POST /a%20b?c=d&e HTTP/1.1\r\nhOsT:shop.example\r\nX-Spaced: \t two words \t\r\n\
         content-LENGTH: 3\r\nx-empty:\r\nX-Same: 1\r\nX-Same: 2\r\nX-Utf8: Grüße\r\n\r\nabc",
    );
    assert_eq!(answer.status, 200);
    let expected = format!(
        "POST /a%20b?c=d&e HTTP/1.1\r\nHost: shop.example\r\nX-Spaced: two words\r\nx-empty: \r\n\
         X-Same: 1\r\nX-Same: 2\r\nX-Utf8: Grüße\r\nX-Forwarded-For: 127.0.0.1\r\n\
         X-Forwarded-Proto: http\r\nX-Forwarded-Port: {}\r\n\
         X-Amzn-Trace-Id: Root=1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx\r\nContent-Length: 3\r\n\r\n",
        web.port()
    );
    let received = last(&target);
    assert_eq!(without_ids(&received.head), expected);
    assert_eq!(received.body, b"abc");
}

#[test]
fn fields_between_two_hops_go_no_further() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    ask(
        clingfish.listener("web"),
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nConnection: x-other\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers, deflate\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nx-hop: 1\r\nX-Other: 2\r\nX-Stays: 3\r\n\r\n",
    );
    let received = last(&target);
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "http2-settings",
        "x-hop",
        "x-other",
    ] {
        assert_eq!(received.header(name), None, "{name} in {}", received.head);
    }
    assert!(received.header("te").is_none_or(|te| te == "trailers"), "{}", received.head);
    assert_eq!(received.header("x-stays"), Some("3"));
}

#[test]
fn fields_between_two_hops_of_an_answer_go_no_further() {
    let target = Target::saying(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n\
         Proxy-Connection: close\r\nX-Stays: 2\r\nContent-Length: 2\r\n\r\nok",
    );
    let clingfish = before(&target, "");
    let answer = ask(clingfish.listener("web"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for name in ["connection", "keep-alive", "x-hop", "proxy-connection"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!((answer.header("x-stays"), answer.text().as_str()), (Some("2"), "ok"));
}

#[test]
fn nobody_can_have_fields_removed_that_concern_every_hop() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for option in [
        "Host",
        "Cookie",
        "cookie",
        "Content-Length",
        "Content-Type",
        "Transfer-Encoding",
        "Authorization",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Amzn-Trace-Id",
        "X-Real-IP",
        "close, Host",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {option}\r\n\r\n");
        assert_eq!(ask(clingfish.listener("web"), request).status, 400, "{option}");
    }
    assert_eq!(target.count(), 0);
}

#[test]
fn only_trusted_proxies_speak_for_their_clients() {
    let says = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 198.51.100.7, 10.1.1.1\r\n\
                X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n";
    let all = "192.0.2.1, 198.51.100.7, 10.1.1.1, 127.0.0.1";
    for (trusted, sends, [address, proto, port]) in [
        ("[]", "", ["127.0.0.1", "http", "own"]),
        ("[]", says, [all, "http", "own"]),
        ("[\"192.0.2.0/24\"]", says, [all, "http", "own"]),
        ("[\"127.0.0.0/8\"]", "", ["127.0.0.1", "http", "own"]),
        ("[\"127.0.0.0/8\"]", says, [all, "https", "443"]),
        ("[\"127.0.0.1\", \"::1\"]", says, [all, "https", "443"]),
    ] {
        let row = format!("trusted {trusted}, sends {sends:?}");
        let target = Target::start("app");
        let clingfish = before(&target, &format!("trusted_proxies = {trusted}"));
        let web = clingfish.listener("web");
        ask(web, format!("GET / HTTP/1.1\r\nHost: a\r\n{sends}\r\n"));
        let received = last(&target);
        let own = web.port().to_string();
        let port = if port == "own" { own.as_str() } else { port };
        for (name, expected) in
            [("x-forwarded-for", address), ("x-forwarded-proto", proto), ("x-forwarded-port", port)]
        {
            let values: Vec<&str> = received.header_values(name).collect();
            assert_eq!(values, [expected], "{name}: {row}");
        }
    }
}

#[test]
fn the_clients_port_is_told_where_that_is_wanted() {
    let target = Target::start("app");
    let clingfish = before(&target, "\"routing.http.xff_client_port.enabled\" = true");
    let mut client =
        clingfish_testkit::RawClient::connect(clingfish.listener("web")).expect("it accepts");
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n").unwrap();
    client.read_response().unwrap();
    let own = client.local_address().unwrap();
    let expected = format!("192.0.2.1, {own}");
    assert_eq!(last(&target).header("x-forwarded-for"), Some(expected.as_str()));
}

#[test]
fn trace_ids_are_those_of_alb() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let root = "Root=1-67891233-abcdef012345678912345678";
    let id = "1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx";
    let old = "Self=1-67891234-12456789abcdef012345678";
    let hidden_root = format!("Root={id}");
    for (sends, expected) in [
        (String::new(), format!("Root={id}")),
        (root.to_owned(), format!("Self={id};{hidden_root}")),
        (format!("{old};{root}"), format!("Self={id};{hidden_root}")),
        (format!("{root};{old};CalledFrom=app"), format!("Self={id};{hidden_root};CalledFrom=app")),
        ("CalledFrom=app".to_owned(), format!("Root={id};CalledFrom=app")),
    ] {
        let line =
            if sends.is_empty() { String::new() } else { format!("X-Amzn-Trace-Id: {sends}\r\n") };
        ask(clingfish.listener("web"), format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n"));
        let received = last(&target);
        let values: Vec<&str> = received.header_values("x-amzn-trace-id").collect();
        assert_eq!(values.len(), 1, "{sends}");
        assert_eq!(without_ids(values[0]), expected, "{sends}");
        assert!(sends.contains(root) == values[0].ends_with(root) || sends.contains("Called"));
    }
}

#[test]
fn host_stays_as_it_is_or_becomes_what_alb_makes_of_it() {
    let target = Target::start("app");
    for preserve in [true, false] {
        let clingfish = before(&target, &format!("preserve_host_header = {preserve}"));
        let web = clingfish.listener("web");
        for host in ["shop.example", "shop.example:81", "[::1]", "[::1]:81", "SHOP.example"] {
            ask(web, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            let name = host.strip_suffix(":81").unwrap_or(host);
            let expected =
                if preserve { host.to_owned() } else { format!("{name}:{}", web.port()) };
            let row = format!("{host}, preserved: {preserve}");
            assert_eq!(last(&target).header("host"), Some(expected.as_str()), "{row}");
        }
    }
}

#[test]
fn twins_of_fields_that_matter_do_not_reach_targets() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    ask(
        clingfish.listener("web"),
        "POST / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nX_Forwarded-Proto: https\r\n\
         Content_Length: 2\r\nTransfer_Encoding: chunked\r\nX_Amzn_Trace_Id: Root=1\r\n\
         X_Real_IP: 6.6.6.6\r\nmy_field: stays\r\nContent-Length: 2\r\n\r\nok",
    );
    let received: Received = last(&target);
    for name in [
        "x_forwarded_for",
        "x_forwarded-proto",
        "content_length",
        "transfer_encoding",
        "x_amzn_trace_id",
        "x_real_ip",
    ] {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(received.header("my_field"), Some("stays"));
    assert_eq!(received.body, b"ok");
}
