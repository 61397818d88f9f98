use super::*;

#[test]
fn bodies_end_where_the_rfc_says() {
    for (head, method, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", "GET", Some(Framing::Length(5))),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", "HEAD", Some(Framing::Length(0))),
        ("HTTP/1.1 204 No Content", "GET", Some(Framing::Length(0))),
        ("HTTP/1.1 101 Switching Protocols", "GET", Some(Framing::Length(0))),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "GET", Some(Framing::Chunked)),
        ("HTTP/1.0 200 OK", "GET", Some(Framing::UntilClose)),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5", "GET", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", "GET", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", "GET", None),
    ] {
        let bytes = format!("{head}\r\n\r\n");
        let (parsed, length) = Head::parse(bytes.as_bytes()).unwrap().unwrap();
        assert_eq!(length, bytes.len(), "{head}");
        assert_eq!(parsed.framing(method).ok(), expected, "{method}: {head}");
    }
}

#[test]
fn heads_that_a_careful_client_refuses_are_errors() {
    for head in [
        "HTTP/2 200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nno colon",
        "HTTP/1.1 200 OK\r\nspace : x",
        "HTTP/1.1 200 OK\r\na: b\nc: d",
    ] {
        assert!(Head::parse(format!("{head}\r\n\r\n").as_bytes()).is_err(), "{head}");
    }
    assert!(Head::parse(b"HTTP/1.1 200 OK\r\n").unwrap().is_none());
}

#[test]
fn a_cookie_is_found_among_several() {
    let bytes = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: ab=2\r\n\r\n";
    let (head, _) = Head::parse(bytes).unwrap().unwrap();
    let response = head.with_body(Vec::new(), Vec::new());
    assert_eq!(response.cookie("ab").as_deref(), Some("ab=2"));
    assert_eq!(response.cookie("b"), None);
}
