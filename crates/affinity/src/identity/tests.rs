use clingfish_model::{
    Field, Span, TargetHash,
    head::{Fields, RequestParts, ResponseParts},
};

use super::{
    body::{Encoded, Finder, Looking},
    envelope::{self, Address},
    *,
};
use crate::{KeyId, KeyRing, OpenError, Secret};

const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

/// Lays fields out behind `path`.
fn laid(path: &str, fields: &[(&str, &str)]) -> (Vec<u8>, Fields) {
    let mut bytes = path.as_bytes().to_vec();
    let mut add = |text: &str| {
        let span = Span::new(bytes.len(), text.len());
        bytes.extend_from_slice(text.as_bytes());
        span
    };
    let fields = fields
        .iter()
        .map(|(name, value)| Field {
            id: FieldId::of(name.as_bytes()),
            name: add(name),
            value: add(value),
        })
        .collect();
    (bytes, fields)
}

fn ids(path: &str, fields: &[(&str, &str)], places: &[&str]) -> Vec<String> {
    let (bytes, fields) = laid(path, fields);
    let path_and_query = Span::new(0, path.len());
    let parts = RequestParts { path_and_query, fields, ..RequestParts::default() };
    let places: Vec<IdPlace> = places.iter().map(|text| IdPlace::parse(text).unwrap()).collect();
    let mut found = Vec::new();
    each_id(RequestHead::new(&bytes, &parts), &places, SESSION_ID_BYTES_MAX, |_, id| {
        found.push(String::from_utf8(id.into_owned()).unwrap());
        ControlFlow::Continue(())
    });
    found
}

fn births(fields: &[(&str, &str)], wanted: &[&str]) -> Vec<String> {
    let (bytes, fields) = laid("", fields);
    let parts = ResponseParts { fields, ..ResponseParts::default() };
    let wanted: Vec<IdBirth> = wanted.iter().map(|text| IdBirth::parse(text).unwrap()).collect();
    let mut found = Vec::new();
    each_birth(ResponseHead::new(&bytes, &parts), &wanted, NOW, |birth| {
        found.push(match birth {
            Birth::Id(id) => String::from_utf8(id.to_vec()).unwrap(),
            Birth::End(name) => format!("end of {name}"),
        });
    });
    found
}

#[test]
fn ids_are_found_where_requests_carry_them() {
    let long = "x".repeat(513);
    for (path, fields, places, expected) in [
        ("/", &[("Cookie", "a=1; JSESSIONID=A.n1")][..], &["cookie:JSESSIONID"][..], &["A.n1"][..]),
        ("/", &[("Cookie", "jsessionid=A.n1")], &["cookie:JSESSIONID"], &[]),
        ("/", &[("Cookie", "S=1; S=2"), ("Cookie", "S=3")], &["cookie:S"], &["1", "2", "3"]),
        ("/", &[("Mcp-Session-Id", "abc")], &["header:mcp-session-id"], &["abc"]),
        ("/socket.io/?EIO=4&sid=a%2Bb", &[], &["query:sid"], &["a+b"]),
        ("/socket.io/?xsid=1&sid", &[], &["query:sid"], &[]),
        ("/up/a%20b/c?d", &[], &["path:/up/"], &["a b"]),
        ("/up/", &[], &["path:/up/"], &[]),
        ("/cart;jsessionid=A.n1;x=2/b?q", &[], &["path_parameter:jsessionid"], &["A.n1"]),
        ("/cart;jsessionid=A.n1/b?q", &[], &["path_parameter:jsessionid"], &["A.n1"]),
        ("/?q;jsessionid=A", &[], &["path_parameter:jsessionid"], &[]),
        ("/?sid=q", &[("X-Sid", "h")], &["header:x-sid", "query:sid"], &["h", "q"]),
        ("/", &[("Cookie", &*format!("S={long}"))], &["cookie:S"], &[]),
        ("/", &[("Cookie", "S=1;S=2;S=3;S=4;S=5")], &["cookie:S"], &["1", "2", "3", "4"]),
    ] {
        assert_eq!(ids(path, fields, places), expected, "{path} {fields:?}");
    }
}

#[test]
fn ids_are_found_where_answers_bring_them() {
    for (fields, wanted, expected) in [
        (&[("Set-Cookie", "S=abc; Path=/; HttpOnly")][..], &["cookie:S"][..], &["abc"][..]),
        (&[("Set-Cookie", "S=; Path=/")], &["cookie:S"], &["end of S"]),
        (&[("Set-Cookie", "S=deleted; Max-Age=0")], &["cookie:S"], &["end of S"]),
        (&[("Set-Cookie", "S=x; Max-Age=-1")], &["cookie:S"], &["end of S"]),
        (
            &[("Set-Cookie", "S=x; expires=Thu, 01 Jan 1970 00:00:00 GMT")],
            &["cookie:S"],
            &["end of S"],
        ),
        (&[("Set-Cookie", "S=x; Expires=Fri, 01 Jan 2100 00:00:00 GMT")], &["cookie:S"], &["x"]),
        (&[("Set-Cookie", "T=x")], &["cookie:S"], &[]),
        (&[("MCP-Session-ID", "m")], &["header:mcp-session-id"], &["m"]),
    ] {
        assert_eq!(births(fields, wanted), expected, "{fields:?}");
    }
}

fn search(content: &str, wanted: &[&str], pieces: &[&[u8]]) -> (Vec<String>, Looking) {
    let (bytes, fields) = laid("", &[("Content-Type", content)]);
    let parts = ResponseParts { fields, ..ResponseParts::default() };
    let wanted: Vec<IdBirth> = wanted.iter().map(|text| IdBirth::parse(text).unwrap()).collect();
    let mut finder = Finder::new(ResponseHead::new(&bytes, &parts), &wanted).unwrap().unwrap();
    let (mut found, mut looking) = (Vec::new(), Looking::On);
    for piece in pieces {
        looking = finder.feed(piece, |id| found.push(String::from_utf8(id.to_vec()).unwrap()));
    }
    (found, looking)
}

#[test]
fn ids_are_found_in_bodies_however_they_are_cut() {
    let (json, events) = ("application/json", "text/event-stream; charset=utf-8");
    let signal = r#"{"negotiateVersion":1,"connectionId":"c1","connectionToken":"t\u002b1\/","availableTransports":[]}"#;
    for (content, wanted, body, expected, looking) in [
        (json, &["json:sid"][..], r#"{"sid":"a1"}"#, &["a1"][..], Looking::Done),
        (
            "text/plain; charset=UTF-8",
            &["json:sid"],
            r#"0{"sid":"a1","upgrades":["websocket"]}"#,
            &["a1"],
            Looking::Done,
        ),
        (json, &["json:sid"], r#"97:0{"pingInterval":1,"sid":"a1"}2:40"#, &["a1"], Looking::Done),
        (
            json,
            &["json:connectionToken", "json:connectionId"],
            signal,
            &["c1", "t+1/"],
            Looking::Done,
        ),
        (json, &["json:sid"], r#" {"a":{"sid":"a1"}}"#, &["a1"], Looking::Done),
        (json, &["json:sid"], r#"[{"sid":"a1"}]"#, &["a1"], Looking::Done),
        (json, &["json:sid"], r#"{"a":{"b":{"sid":"deep"}}}"#, &[], Looking::Done),
        (
            json,
            &["json:sid"],
            r#"{"a":"sid","b":"{\"sid\":\"x\"}","sid":["y"]}"#,
            &[],
            Looking::Done,
        ),
        (json, &["json:sid"], r#"{"sid":12,"x":"y"}"#, &[], Looking::Done),
        (json, &["json:sid"], "<!DOCTYPE html>", &[], Looking::GivenUp),
        (json, &["json:sid"], r#"{"x":"#, &[], Looking::On),
        (
            events,
            &["event:session_id"],
            ": hi\r\n\r\nevent: endpoint\r\ndata: /messages/?a=b&session_id=s%201#x\r\n\r\n",
            &["s 1"],
            Looking::Done,
        ),
        (
            events,
            &["event:session_id"],
            "data: /messages?session_id=s\n\ndata: /m?session_id=t\n\n",
            &["s"],
            Looking::Done,
        ),
        (events, &["event:session_id"], "retry: 1\n\n", &[], Looking::On),
    ] {
        for size in [1, 3, 1000] {
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
            let (found, last) = search(content, wanted, &pieces);
            assert_eq!(found, expected, "{body} in pieces of {size}");
            assert_eq!(last, looking, "{body} in pieces of {size}");
        }
    }
}

#[test]
fn a_search_ends_with_the_beginning_of_a_body() {
    let body = format!(r#"{{"x":"{}","sid":"late"}}"#, "y".repeat(9000));
    let (found, looking) = search("application/json", &["json:sid"], &[body.as_bytes()]);
    assert_eq!((found, looking), (Vec::new(), Looking::GivenUp));
    let too_long = format!(r#"{{"sid":"{}"}}"#, "y".repeat(600));
    assert_eq!(search("", &["json:sid"], &[too_long.as_bytes()]).0, Vec::<String>::new());
}

#[test]
fn no_id_is_looked_for_in_bodies_of_other_kinds() {
    let wanted = [IdBirth::Json("sid".into())];
    for (status, content, encoding, expected) in [
        (200, "application/json", "identity", Ok(true)),
        (404, "application/json", "identity", Ok(false)),
        (200, "text/event-stream", "identity", Ok(false)),
        (200, "application/json", "gzip", Err(Encoded)),
    ] {
        let (bytes, fields) =
            laid("", &[("content-type", content), ("Content-Encoding", encoding)]);
        let parts = ResponseParts { status, fields, ..ResponseParts::default() };
        let finder = Finder::new(ResponseHead::new(&bytes, &parts), &wanted);
        assert_eq!(finder.map(|finder| finder.is_some()), expected, "{status} {content}");
    }
}

fn ring() -> KeyRing {
    KeyRing::first(Secret::new([7; 32]), KeyId::new(0x0102).unwrap(), NOW)
}

fn address() -> Address {
    Address { target: TargetHash([1; 16]), group: GroupHash([2; 8]), issued: NOW }
}

#[test]
fn an_envelope_opens_for_whoever_has_the_key() {
    let ring = ring();
    for id in [b"x".to_vec(), b"abc-123".to_vec(), vec![0xff; SESSION_ID_BYTES_MAX]] {
        let mut text = Vec::new();
        assert!(envelope::seal(&id, address(), ring.sealing_key(NOW), [5; 24], &mut text));
        let opened = envelope::open(&text, &ring, NOW).unwrap();
        assert_eq!((opened.id(), opened.address), (&*id, address()));
        assert!(text.len() <= envelope::TEXT_BYTES_MAX && text.is_ascii());
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            assert!(envelope::open(&damaged, &ring, NOW).is_err(), "byte {at}");
        }
    }
    for id in [vec![], vec![b'x'; SESSION_ID_BYTES_MAX + 1]] {
        assert!(!envelope::seal(&id, address(), ring.sealing_key(NOW), [5; 24], &mut Vec::new()));
    }
}

#[test]
fn an_envelope_that_does_not_open_says_why() {
    let ring = ring();
    let mut text = Vec::new();
    envelope::seal(b"abc", address(), ring.sealing_key(NOW), [5; 24], &mut text);
    let other = KeyRing::first(Secret::new([8; 32]), KeyId::new(0x0102).unwrap(), NOW);
    let unknown = KeyRing::first(Secret::new([7; 32]), KeyId::new(3).unwrap(), NOW);
    for (text, ring, expected) in [
        (&*text, &other, OpenError::Forged),
        (&text, &unknown, OpenError::UnknownKey),
        (b"abc", &ring, OpenError::NotAToken),
        (&[b'A'; 200], &ring, OpenError::NotAToken),
    ] {
        assert_eq!(envelope::open(text, ring, NOW).unwrap_err(), expected);
    }
}

#[test]
fn envelopes_never_change() {
    let mut text = Vec::new();
    envelope::seal(b"abc-123", address(), ring().sealing_key(NOW), [5; 24], &mut text);
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "AQECBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF8Lt07Bx2yC7af6cS5pq5yS_nW3fmWj90p9ZWlOXAxwU6PsYvJ-ubLaapNCSOU1n2E__SOJI"
    );
}

#[test]
fn what_stands_for_an_id_never_changes_and_keeps_ids_and_groups_apart() {
    let of = |group, id: &[u8]| session_of(GroupHash([group; 8]), id).to_string();
    assert_eq!(of(3, b"JSESSIONID-4"), "c6044bf0fa47b450");
    let ids = [&b"JSESSIONID-4"[..], b"JSESSIONID-5", b"JSESSIONID-4\0", b"JSESSION", b"", b"\0"];
    let mut all: Vec<String> = ids.iter().map(|id| of(3, id)).collect();
    all.push(of(4, b"JSESSIONID-4"));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), ids.len() + 1);
}
