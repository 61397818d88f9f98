use proptest::prelude::*;

use super::*;

#[test]
fn paths_have_one_normal_form() {
    for (path, expected) in [
        ("/", "/"),
        ("*", "*"),
        ("/a.b/c..d/...", "/a.b/c..d/..."),
        ("/.hidden/..x", "/.hidden/..x"),
        ("/a/./b", "/a/b"),
        ("/a/b/.", "/a/b/"),
        ("/a/b/..", "/a/"),
        ("/a/..", "/"),
        ("/.", "/"),
        ("/a/../b", "/b"),
        ("/a//../b", "/a/b"),
        ("/a//b///", "/a//b///"),
        ("/public/%2e%2e/admin", "/admin"),
        ("/public/.%2E/admin", "/admin"),
        ("/%61dmin/%7Ex%2D%5f", "/admin/~x-_"),
        // What could be told apart stays apart.
        ("/a%2fb%2Fc", "/a%2fb%2Fc"),
        ("/a%252e%252e/b", "/a%252e%252e/b"),
        ("/caf%c3%a9%20%40", "/caf%c3%a9%20%40"),
        ("/a/..%2fb", "/a/..%2fb"),
        ("/a/..;x=1/b", "/a/..;x=1/b"),
        ("/Grüße", "/Grüße"),
        // A percent sign that begins no escape stays, and what follows it does not become one.
        ("/100%", "/100%"),
        ("/%zz/../%4", "/%4"),
        ("/%%34%31", "/%%341"),
        ("/%4%31", "/%4%31"),
        // The query is none of its business.
        ("/?a=/../%41%00", "/?a=/../%41%00"),
        ("/a/../b?c=/../%41%00?..", "/b?c=/../%41%00?.."),
    ] {
        let normal = normalize(path.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&normal), expected, "{path}");
    }
}

#[test]
fn paths_that_would_mislead_are_refused() {
    for (path, error) in [
        ("/..", PathError::AboveRoot),
        ("/../a", PathError::AboveRoot),
        ("/a/../../b", PathError::AboveRoot),
        ("/%2e./a?b", PathError::AboveRoot),
        ("/a%00", PathError::EncodedNul),
        ("/%00/..", PathError::EncodedNul),
        ("/a/%00/../b", PathError::EncodedNul),
    ] {
        assert_eq!(normalize(path.as_bytes()), Err(error), "{path}");
    }
}

/// Bytes of which paths with something to do are made.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "/", "/", "..", ".", "%2e", "%2E", "%2f", "%", "%%", "%0", "%41", "%25", "4", "1", "a",
        "?", ";", "é",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| ["/", &pieces.concat()].concat().into())
}

proptest! {
    #[test]
    fn normal_forms_keep_the_laws(path in pieces()) {
        fuzzing::path(&path);
    }

    #[test]
    fn any_bytes_keep_the_laws(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        fuzzing::path(&bytes);
    }

    #[test]
    fn paths_without_escapes_and_dots_are_not_copied(path in "/[a-zA-Z0-9_/-]{0,30}(\\?[ -~]{0,20})?") {
        prop_assert!(matches!(normalize(path.as_bytes()), Ok(Cow::Borrowed(_))));
    }
}
