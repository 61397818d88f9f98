//! The rules for bodies, row by row, and over every way to cut them.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use clingfish_h1::{BodyDecoder, BodyError, BodyError::*, BodyLength};
use clingfish_model::limits::{CHUNK_EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX};

/// What came of a body: its data, its trailers, what was left over, and whether it ended.
type Outcome = Result<(&'static str, &'static str, &'static str, bool), BodyError>;

const ROWS: &[(&str, Outcome)] = &[
    ("0\r\n\r\n", Ok(("", "", "", true))),
    ("5\r\nhello\r\n0\r\n\r\nGET", Ok(("hello", "", "GET", true))),
    ("1\r\na\r\n00A\r\n0123456789\r\n000\r\n\r\n", Ok(("a0123456789", "", "", true))),
    ("a\r\n0123456789\r\n0\r\n\r\n", Ok(("0123456789", "", "", true))),
    ("0000000000000001\r\na\r\n0\r\n\r\n", Ok(("a", "", "", true))),
    ("1;x\r\na\r\n0;y=\"z\"; w\r\n\r\n", Ok(("a", "", "", true))),
    ("5\r\nhel", Ok(("hel", "", "", false))),
    ("5\r\nhello\r\n0\r\n", Ok(("hello", "", "", false))),
    ("2\r\n\r\n\r\n0\r\n\r\n", Ok(("\r\n", "", "", true))),
    ("0\r\nETag: x\r\nY:\tz \r\n\r\nrest", Ok(("", "ETag: x\r\nY:\tz \r\n", "rest", true))),
    (
        "0\r\nHost: b\r\nX: 1\r\nContent-Length: 5\r\nX-Forwarded-For: c\r\nX_Amzn_Trace_Id: d\r\nSet-Cookie: e\r\n\r\n",
        Ok(("", "X: 1\r\n", "", true)),
    ),
    ("\r\n", Err(BadChunkSize)),
    ("g\r\n", Err(BadChunkSize)),
    ("-1\r\n", Err(BadChunkSize)),
    ("+1\r\n", Err(BadChunkSize)),
    (" 1\r\n", Err(BadChunkSize)),
    ("0x1\r\n", Err(BadChunkSize)),
    ("1 \r\n", Err(BadChunkSize)),
    ("1\t;x\r\n", Err(BadChunkSize)),
    (";x\r\n", Err(BadChunkSize)),
    ("00000000000000001\r\n", Err(BadChunkSize)),
    ("10000000000000000\r\n", Err(BadChunkSize)),
    ("1\n", Err(BadChunkSize)),
    ("1\ra", Err(BadChunkEnd)),
    ("1\r\r\n", Err(BadChunkEnd)),
    ("1;x\n", Err(BadChunkExtension)),
    ("1;x\ry", Err(BadChunkEnd)),
    ("1;\0\r\n", Err(BadChunkExtension)),
    ("1;\u{e4}\r\n", Err(BadChunkExtension)),
    ("1\r\nab", Err(BadChunkEnd)),
    ("1\r\na\n", Err(BadChunkEnd)),
    ("1\r\na\rb", Err(BadChunkEnd)),
    ("1\r\na0\r\n\r\n", Err(BadChunkEnd)),
    ("0\r\n\n", Err(BadTrailer)),
    ("0\r\nX: 1\n\r\n", Err(BadTrailer)),
    ("0\r\nX\r\n\r\n", Err(BadTrailer)),
    ("0\r\nX : 1\r\n\r\n", Err(BadTrailer)),
    ("0\r\n: 1\r\n\r\n", Err(BadTrailer)),
    ("0\r\nX: 1\r\n 2\r\n\r\n", Err(BadTrailer)),
    ("0\r\nX: 1\r2\r\n\r\n", Err(BadTrailer)),
    ("0\r\nX: \0\r\n\r\n", Err(BadTrailer)),
];

#[test]
fn each_chunked_body_decodes_however_it_is_cut() {
    for &(input, ref expected) in ROWS {
        for first in 0..=input.len() {
            for step in [1, input.len().max(1)] {
                let outcome = decode(BodyLength::Chunked, None, input.as_bytes(), first, step);
                let expected = expected.map(|(body, trailers, rest, ended)| {
                    (body.into(), trailers.into(), rest.into(), ended)
                });
                assert_eq!(outcome, expected, "{input:?} cut at {first}, then every {step}");
            }
        }
    }
}

#[test]
fn a_known_length_takes_just_its_bytes() {
    for (length, input, expected) in [
        (BodyLength::None, "GET", ("", "GET", true)),
        (BodyLength::Known(0), "GET", ("", "GET", true)),
        (BodyLength::Known(3), "abcGET", ("abc", "GET", true)),
        (BodyLength::Known(9), "abc", ("abc", "", false)),
        (BodyLength::UntilClose, "abc\r\n0\r\n\r\n", ("abc\r\n0\r\n\r\n", "", false)),
    ] {
        for step in 1..10 {
            let outcome = decode(length, None, input.as_bytes(), step.min(input.len()), step);
            let (body, rest, ended) = expected;
            let expected = (body.into(), Vec::new(), rest.into(), ended);
            assert_eq!(outcome, Ok(expected), "{length:?} of {input:?} by {step}");
        }
    }
}

/// To those who read sizes into a signed number these would be negative.
#[test]
fn a_chunk_of_two_to_the_63_is_too_large_without_any_limit() {
    for (input, expected) in [
        ("7fffffffffffffff\r\n", Ok(())),
        ("8000000000000000\r\n", Err(TooLarge)),
        ("ffffffffffffffff\r\n", Err(TooLarge)),
        ("1\r\na\r\n7fffffffffffffff\r\n", Err(TooLarge)),
    ] {
        let mut decoder = BodyDecoder::new(BodyLength::Chunked, None);
        let outcome = drive(&mut decoder, input.as_bytes()).map(|_| ());
        assert_eq!(outcome, expected, "{input:?}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_when_its_size_is_known() {
    for (length, input, expected) in [
        (BodyLength::Known(4), "", Ok(())),
        (BodyLength::Known(5), "", Err(TooLarge)),
        (BodyLength::Chunked, "4\r\n", Ok(())),
        (BodyLength::Chunked, "5\r\n", Err(TooLarge)),
        (BodyLength::Chunked, "FFFFFFFFFFFFFFFF\r\n", Err(TooLarge)),
        (BodyLength::Chunked, "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", Ok(())),
        (BodyLength::Chunked, "3\r\nabc\r\n2\r\n", Err(TooLarge)),
        (BodyLength::UntilClose, "abcd", Ok(())),
        (BodyLength::UntilClose, "abcde", Err(TooLarge)),
    ] {
        let mut decoder = BodyDecoder::new(length, Some(4));
        let outcome = drive(&mut decoder, input.as_bytes()).map(|_| ());
        assert_eq!(outcome, expected, "{length:?} {input:?}");
    }
}

#[test]
fn what_surrounds_the_data_is_limited_over_the_whole_body() {
    let extension = |bytes: usize| format!("1;{}\r\na\r\n", "x".repeat(bytes - 1));
    let trailer = |bytes: usize| format!("0\r\nX: {}\r\n\r\n", "x".repeat(bytes - 7));
    for (input, expected) in [
        (extension(CHUNK_EXTENSION_BYTES_MAX), Ok(())),
        (extension(CHUNK_EXTENSION_BYTES_MAX + 1), Err(ChunkExtensionsTooLarge)),
        (extension(CHUNK_EXTENSION_BYTES_MAX / 2).repeat(2), Ok(())),
        (extension(CHUNK_EXTENSION_BYTES_MAX / 4).repeat(5), Err(ChunkExtensionsTooLarge)),
        (trailer(TRAILER_BYTES_MAX), Ok(())),
        (trailer(TRAILER_BYTES_MAX + 1), Err(TrailersTooLarge)),
        (
            "0\r\nHost: dropped\r\n".to_owned() + &"Host: dropped\r\n".repeat(1000),
            Err(TrailersTooLarge),
        ),
    ] {
        let mut decoder = BodyDecoder::new(BodyLength::Chunked, None);
        let outcome = drive(&mut decoder, input.as_bytes()).map(|_| ());
        assert_eq!(outcome, expected, "{} bytes", input.len());
    }
}

#[test]
fn only_a_body_that_lasts_until_close_ends_by_it() {
    for (length, input, expected) in [
        (BodyLength::UntilClose, "abc", Ok(())),
        (BodyLength::UntilClose, "", Ok(())),
        (BodyLength::Known(3), "abc", Ok(())),
        (BodyLength::Known(3), "ab", Err(Truncated)),
        (BodyLength::Chunked, "3\r\nabc\r\n", Err(Truncated)),
        (BodyLength::Chunked, "0\r\n", Err(Truncated)),
        (BodyLength::Chunked, "0\r\n\r\n", Ok(())),
        (BodyLength::None, "", Ok(())),
    ] {
        let mut decoder = BodyDecoder::new(length, None);
        drive(&mut decoder, input.as_bytes()).expect("valid so far");
        assert_eq!(decoder.close(), expected, "{length:?} {input:?}");
        assert_eq!(decoder.is_complete(), expected.is_ok());
    }
}

/// Body, trailers, leftover, and whether it ended.
type Decoded = (Vec<u8>, Vec<u8>, Vec<u8>, bool);

/// Decodes input that comes in a first piece and then others of `step` bytes.
fn decode(
    length: BodyLength,
    bytes_max: Option<u64>,
    input: &[u8],
    first: usize,
    step: usize,
) -> Result<Decoded, BodyError> {
    let mut decoder = BodyDecoder::new(length, bytes_max);
    let mut body = Vec::new();
    let mut used = 0;
    let (first, rest) = input.split_at(first);
    for piece in [first].into_iter().chain(rest.chunks(step)) {
        if decoder.is_complete() {
            break;
        }
        let (data, consumed) = drive(&mut decoder, piece)?;
        body.extend_from_slice(&data);
        used += consumed;
    }
    let trailers = decoder.trailers().to_vec();
    Ok((body, trailers, input[used..].to_vec(), decoder.is_complete()))
}

/// Feeds one piece until it is used up or the body has ended.
fn drive(decoder: &mut BodyDecoder, piece: &[u8]) -> Result<(Vec<u8>, usize), BodyError> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let decoded = decoder.decode(&piece[at..])?;
        body.extend_from_slice(&piece[at..][decoded.data.clone()]);
        at += decoded.consumed;
        if decoded.is_complete || at == piece.len() {
            return Ok((body, at));
        }
    }
}

#[test]
fn a_run_of_data_may_go_past_the_decoder() {
    for (length, before, run, behind) in [
        (BodyLength::Known(10), "", 10, ""),
        (BodyLength::Known(10), "abc", 7, ""),
        (BodyLength::Chunked, "a\r\n", 10, "\r\n0\r\n\r\n"),
        (BodyLength::Chunked, "a\r\nabc", 7, "\r\n0\r\n\r\n"),
    ] {
        let mut decoder = BodyDecoder::new(length, Some(10));
        decoder.decode(before.as_bytes()).unwrap();
        assert_eq!(decoder.run_left(), run, "{length:?} behind {before:?}");
        decoder.skip(run - 1);
        assert_eq!((decoder.run_left(), decoder.is_complete()), (1, false), "{length:?}");
        decoder.skip(1);
        assert_eq!(decoder.run_left(), 0, "{length:?}");
        decoder.decode(behind.as_bytes()).unwrap();
        assert!(decoder.is_complete(), "{length:?} behind {before:?}");
    }
    let mut lasting = BodyDecoder::new(BodyLength::UntilClose, None);
    lasting.skip(1 << 40);
    assert!(lasting.run_left() > 1 << 40);
    lasting.close().unwrap();
    assert!(lasting.is_complete());
    // Between the runs, and where the decoder will refuse, nothing may be skipped.
    assert_eq!(BodyDecoder::new(BodyLength::Chunked, None).run_left(), 0);
    assert_eq!(BodyDecoder::new(BodyLength::Known(11), Some(10)).run_left(), 0);
}
