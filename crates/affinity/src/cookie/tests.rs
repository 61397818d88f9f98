use super::*;

#[test]
fn cookies_are_read_as_a_server_reads_them() {
    for (field, expected) in [
        (b"".as_slice(), vec![]),
        (b"a=1", vec![(b"a".as_slice(), b"1".as_slice())]),
        (b"a=1; b=2", vec![(b"a", b"1"), (b"b", b"2")]),
        (b" a\t=\t1 ;b=2;", vec![(b"a", b"1"), (b"b", b"2")]),
        (b"a==1=2", vec![(b"a", b"=1=2")]),
        (b"a;;b=", vec![(b"b", b"")]),
        (b"=x", vec![(b"", b"x")]),
        (b"$Version=1; a=\"1;2\"", vec![(b"$Version", b"1"), (b"a", b"\"1")]),
        (b"a=1, b=2", vec![(b"a", b"1, b=2")]),
        (b"\xc2\xa0a=1; \xff=\0\r\n", vec![(b"\xc2\xa0a", b"1"), (b"\xff", b"\0\r\n")]),
    ] {
        let found: Vec<_> = pairs(field).map(|pair| (pair.name, pair.value)).collect();
        assert_eq!(found, expected, "{}", field.escape_ascii());
    }
}

#[test]
fn names_are_compared_byte_for_byte() {
    let own = CookieNames::One(b"cling".as_slice().into());
    let pair = CookieNames::Pair(b"cling".as_slice().into());
    for (names, name, expected) in [
        (&own, "cling", true),
        (&own, "Cling", false),
        (&own, "clin", false),
        (&own, "\u{a0}cling", false),
        (&own, "AWSALB", false),
        (&CookieNames::Alb, "AWSALB", true),
        (&CookieNames::Alb, "AWSALBCORS", true),
        (&CookieNames::Alb, "awsalb", false),
        (&CookieNames::Alb, "AWSALBTG", false),
        (&CookieNames::Alb, "cling", false),
        (&own, "cling_x", false),
        (&pair, "cling", true),
        (&pair, "cling_x", true),
        (&pair, "cling_X", false),
        (&pair, "cling_xx", false),
        (&pair, "cling_", false),
        (&pair, "_x", false),
    ] {
        assert_eq!(names.include(name.as_bytes()), expected, "{names:?} {name}");
    }
}

#[test]
fn a_target_that_sets_our_cookie_is_noticed() {
    let own = CookieNames::Pair(b"cling".as_slice().into());
    for (value, expected) in [
        ("cling=x; Path=/", true),
        ("cling_x=x; Path=/", true),
        ("cling_y=x; Path=/", false),
        (" cling = x", true),
        ("other=cling=x; cling=y", false),
        ("cling", false),
        ("; cling=x", false),
        ("", false),
    ] {
        assert_eq!(own.are_set_by(value.as_bytes()), expected, "{value}");
    }
}

/// Cuts every cookie named `t`.
fn cut(field: &[u8]) -> Cuts {
    let mut cuts = Cuts::default();
    for pair in pairs(field).filter(|pair| pair.name == b"t") {
        assert!(cuts.add(1, pair.span));
    }
    cuts
}

#[test]
fn stripping_leaves_every_other_byte() {
    for (field, expected) in [
        ("a=1", Err(Stripped::Untouched)),
        ("t=1", Err(Stripped::Emptied)),
        ("t=1;", Err(Stripped::Emptied)),
        (" ;t=1; ;\tt=2", Err(Stripped::Emptied)),
        ("t=1; a=1", Ok("a=1")),
        ("a=1; t=1", Ok("a=1")),
        ("a=1; t=1; b=2", Ok("a=1; b=2")),
        ("a=1;t=1 ;  b = 2 ;", Ok("a=1;  b = 2 ;")),
        ("t=1; t=2; a=1; t=3; t=4", Ok("a=1")),
        ("a=1; t=1; t=2; b=2; t=3", Ok("a=1; b=2")),
        ("x; t=1; \u{e9}=\"", Ok("x; \u{e9}=\"")),
    ] {
        let mut out = b"Cookie: ".to_vec();
        let stripped = cut(field.as_bytes()).strip(1, field.as_bytes(), &mut out);
        let rest = String::from_utf8(out.split_off(8)).unwrap();
        match expected {
            Ok(left) => {
                assert_eq!((stripped, rest.as_str()), (Stripped::Shortened, left), "{field}")
            }
            Err(how) => assert_eq!((stripped, rest.as_str()), (how, ""), "{field}"),
        }
        assert_eq!(out, b"Cookie: ", "{field}");
    }
}

#[test]
fn only_the_field_of_the_cut_is_stripped() {
    let mut out = Vec::new();
    assert_eq!(cut(b"t=1").strip(0, b"t=1", &mut out), Stripped::Untouched);
    assert_eq!(out, b"");
}

#[test]
fn a_ninth_cut_is_not_taken() {
    let mut cuts = Cuts::default();
    for n in 0..=Cuts::MAX {
        assert_eq!(cuts.add(0, Span::new(n, 1)), n < Cuts::MAX, "cut {n}");
    }
    assert!(!cuts.is_empty());
}

#[test]
fn a_value_by_name_is_that_of_the_pair() {
    for segment in [
        "sid=1",
        " sid = 1 ",
        "\tsid=",
        "sid==",
        "sid",
        "sids=1",
        "si=d",
        "=sid",
        "sid =a=b",
        "Sid=1",
        "",
        " ",
    ] {
        let field = segment.as_bytes();
        let pair = pair(field, Span::new(0, field.len())).filter(|pair| pair.name == b"sid");
        assert_eq!(value_of(field, b"sid"), pair.map(|pair| pair.value), "{segment:?}");
    }
}
