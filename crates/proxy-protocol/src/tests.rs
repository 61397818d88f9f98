use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;

fn proxied(source: &str, destination: &str) -> Preamble {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    Preamble::Proxied { source: address(source), destination: address(destination) }
}

#[test]
fn lines_of_version_1_are_read_strictly() {
    use PreambleError::{MalformedLine, Missing};
    let v4 = proxied("192.0.2.7:40000", "198.51.100.1:443");
    let v6 = proxied("[2001:db8::7]:1", "[2001:db8::1]:65535");
    for (line, expected) in [
        ("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n", Ok(v4)),
        ("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n", Ok(v6)),
        ("PROXY UNKNOWN\r\n", Ok(Preamble::Local)),
        ("PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n", Ok(Preamble::Local)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 1\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7  198.51.100.1 40000 443\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 +4000 443\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 04000 443\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n", Err(MalformedLine)),
        ("PROXY TCP4 192.0.2.07 198.51.100.1 4000 443\r\n", Err(MalformedLine)),
        ("PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n", Err(MalformedLine)),
        ("PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n", Err(MalformedLine)),
        ("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", Err(MalformedLine)),
        ("PROXY \r\n", Err(MalformedLine)),
        ("PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n", Err(MalformedLine)),
        ("proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n", Err(Missing)),
        ("GET / HTTP/1.1\r\n", Err(Missing)),
        ("\x16\x03\x01", Err(Missing)),
    ] {
        let outcome = read(line.as_bytes());
        let expected = expected.map(|preamble| Some((preamble, line.len())));
        assert_eq!(outcome, expected, "{line:?}");
    }
}

#[test]
fn a_line_without_an_end_is_refused_after_107_bytes() {
    let line = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat();
    assert_eq!(read(&line[..106]), Ok(None));
    assert_eq!(read(&line[..107]), Err(PreambleError::MalformedLine));
}

/// A header of version 2 with these four bytes' first two, and what follows.
fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [v2::SIGNATURE, &[command, family], &length, body].concat()
}

#[test]
fn headers_of_version_2_are_read() {
    use PreambleError::{TooLong, TooShort, Unsupported};
    let four = [192, 0, 2, 7, 198, 51, 100, 1, 0x9c, 0x40, 1, 0xbb];
    let with_additions = [four.as_slice(), &[4, 0, 1, 0], &[0; 300]].concat();
    let v4 = proxied("192.0.2.7:40000", "198.51.100.1:443");
    for (bytes, expected) in [
        (binary(0x21, 0x11, &four), Ok(v4)),
        (binary(0x21, 0x11, &with_additions), Ok(v4)),
        (binary(0x20, 0x11, &four), Ok(Preamble::Local)),
        (binary(0x20, 0x00, &[]), Ok(Preamble::Local)),
        (binary(0x21, 0x00, &[]), Ok(Preamble::Local)),
        (binary(0x21, 0x31, &[0; 216]), Ok(Preamble::Local)),
        (binary(0x21, 0x21, &[0; 36]), Ok(proxied("[::]:0", "[::]:0"))),
        (binary(0x21, 0x11, &four[..11]), Err(TooShort)),
        (binary(0x21, 0x21, &four), Err(TooShort)),
        (binary(0x21, 0x12, &four), Err(Unsupported)),
        (binary(0x21, 0x44, &four), Err(Unsupported)),
        (binary(0x22, 0x11, &four), Err(Unsupported)),
        (binary(0x11, 0x11, &four), Err(Unsupported)),
        (binary(0x21, 0x11, &[0; 5000]), Err(TooLong)),
    ] {
        let outcome = read(&bytes);
        assert_eq!(outcome, expected.map(|preamble| Some((preamble, bytes.len()))), "{bytes:?}");
    }
}

#[test]
fn addresses_of_two_families_are_both_told_as_ipv6() {
    let source = "[2001:db8::7]:1".parse().unwrap();
    let destination = "198.51.100.1:443".parse().unwrap();
    let expected = proxied("[2001:db8::7]:1", "[::ffff:198.51.100.1]:443");
    assert_eq!(Preamble::of(source, destination), expected);
    let mapped = "[::ffff:192.0.2.7]:1".parse().unwrap();
    let expected = proxied("192.0.2.7:1", "198.51.100.1:443");
    assert_eq!(Preamble::of(mapped, destination), expected);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        source: (IpAddr, u16),
        destination: (IpAddr, u16),
        rest in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let preamble = Preamble::of(source.into(), destination.into());
        for version in [Version::V1, Version::V2] {
            let mut bytes = Vec::new();
            preamble.write(version, &mut bytes);
            let len = bytes.len();
            bytes.extend(&rest);
            prop_assert_eq!(read(&bytes), Ok(Some((preamble, len))));
            fuzzing::preamble(&bytes);
        }
    }

    #[test]
    fn no_bytes_break_the_codec(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzzing::preamble(&bytes);
        fuzzing::preamble(&[v2::SIGNATURE, &bytes].concat());
        fuzzing::preamble(&[v1::SIGNATURE, &bytes].concat());
    }
}
