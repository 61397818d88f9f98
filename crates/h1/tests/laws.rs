//! Laws that hold for any bytes.

use clingfish_h1::{
    BodyDecoder, BodyLength, Progress, RequestContext, fuzzing, parse_request, parse_response,
    write,
};
use clingfish_model::{
    RequestHead, ResponseHead, Version,
    head::{RequestParts, ResponseParts},
    listener::RequestLimits,
};
use proptest::{collection::vec, prelude::*, sample::select};

/// Bytes that look like a message often enough to get past the first line.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"GET / HTTP/1.1\r\n",
        b"POST /x HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 X\r\n",
        b"Host: a\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Upgrade: websocket\r\n",
        b"X: y\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b" ",
        b":",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b";x",
        b"\0",
        b"\xff",
        b"a",
        b"1",
    ];
    vec(select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}"
}

proptest! {
    #[test]
    fn no_bytes_break_the_invariants(data in vec(any::<u8>(), 0..200)) {
        fuzzing::request_head(&data);
        fuzzing::response_head(&data);
        fuzzing::chunked(&data);
    }

    #[test]
    fn no_likely_bytes_break_the_invariants(data in likely_bytes()) {
        fuzzing::request_head(&data);
        fuzzing::response_head(&data);
        fuzzing::chunked(&data);
    }

    #[test]
    fn a_request_that_was_written_reads_the_same(
        method in "[A-Z]{3,10}",
        path in "/[!-\"$-~]{0,40}",
        fields in vec((token(), "[!-~]([ -~]{0,20}[!-~])?"), 0..20),
    ) {
        prop_assume!(method != "TRACE" && method != "CONNECT");
        let mut bytes = Vec::new();
        write::request_line(&mut bytes, method.as_bytes(), path.as_bytes());
        write::field(&mut bytes, b"Host", b"a.example:80");
        for (name, value) in &fields {
            // A letter of its own keeps them off the fields that have rules.
            write::field(&mut bytes, ["z", name].concat().as_bytes(), value.as_bytes());
        }
        write::content_length(&mut bytes, 7);
        write::head_end(&mut bytes);
        let mut parts = RequestParts::default();
        let progress = parse_request(&bytes, 0, &RequestLimits::default(), &mut parts);
        let Ok(Progress::Complete(framing)) = progress else {
            return Err(TestCaseError::fail(format!("{progress:?}")));
        };
        let head = RequestHead::new(&bytes, &parts);
        prop_assert_eq!(framing.body, BodyLength::Known(7));
        prop_assert_eq!(head.method_name(), method.as_bytes());
        prop_assert_eq!(head.path_and_query(), path.as_bytes());
        prop_assert_eq!(head.authority(), b"a.example:80");
        let read: Vec<_> = head.fields().skip(1).take(fields.len()).collect();
        for (line, (name, value)) in read.iter().zip(&fields) {
            prop_assert_eq!(&line.name[1..], name.as_bytes());
            prop_assert_eq!(line.value, value.as_bytes());
        }
    }

    #[test]
    fn a_status_line_that_was_written_reads_the_same(
        status in 200_u16..=999, reason in "[ -~]{0,20}", length in 0..=i64::MAX as u64
    ) {
        let mut bytes = Vec::new();
        write::status_line(&mut bytes, Version::Http11, status, reason.as_bytes());
        write::content_length(&mut bytes, length);
        write::head_end(&mut bytes);
        let mut parts = ResponseParts::default();
        let context = RequestContext::default();
        let progress = parse_response(&bytes, 0, &RequestLimits::default(), context, &mut parts);
        prop_assert!(matches!(progress, Ok(Progress::Complete(_))), "{:?}", progress);
        let head = ResponseHead::new(&bytes, &parts);
        prop_assert_eq!((head.status(), head.reason()), (status, reason.as_bytes()));
    }

    #[test]
    fn chunks_that_were_written_decode_to_the_body(
        chunks in vec(vec(any::<u8>(), 0..300), 0..8), step in 1..100_usize
    ) {
        let mut wire = Vec::new();
        for chunk in &chunks {
            write::chunk(&mut wire, chunk);
        }
        write::last_chunk(&mut wire, b"X-Sum: 1\r\n");
        let mut decoder = BodyDecoder::new(BodyLength::Chunked, None);
        let mut body = Vec::new();
        for mut piece in wire.chunks(step) {
            while !piece.is_empty() {
                let decoded = decoder.decode(piece).expect("valid chunks");
                body.extend_from_slice(&piece[decoded.data]);
                piece = &piece[decoded.consumed..];
            }
        }
        prop_assert!(decoder.is_complete());
        prop_assert_eq!(body, chunks.concat());
        prop_assert_eq!(decoder.trailers(), b"X-Sum: 1\r\n");
    }
}
