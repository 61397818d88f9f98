//! Golden values: each was computed by something else than this crate, as its test says, and every client holds one of them.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;

mod dates;

const A: TargetHash = TargetHash([0xa; 16]);
const B: TargetHash = TargetHash([0xb; 16]);
const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

/// Target `a` at an IPv4 address.
fn a() -> Facts<'static> {
    Facts {
        target: A,
        id: "a",
        index: 0,
        address: "10.0.0.1:8080".parse().unwrap(),
        host: None,
        https: false,
        foreign: None,
    }
}

/// Target `b` at an IPv6 address, with TLS.
fn b() -> Facts<'static> {
    let address = "[2001:db8::7]:443".parse().unwrap();
    Facts { target: B, id: "b", index: 1, address, https: true, ..a() }
}

fn import(scheme: &Scheme, targets: &[Facts<'_>]) -> Import {
    Import::new("old", scheme, None, targets).unwrap()
}

/// Every row finds its target, in an import that holds both.
#[track_caller]
fn expect(scheme: &Scheme, rows: &[(&str, Result<TargetHash, NoHome>)]) {
    expect_among(scheme, &[a(), b()], rows);
}

#[track_caller]
fn expect_among(
    scheme: &Scheme,
    targets: &[Facts<'_>],
    rows: &[(&str, Result<TargetHash, NoHome>)],
) {
    let import = import(scheme, targets);
    for (value, home) in rows {
        assert_eq!(import.home(value.as_bytes(), NOW), *home, "{scheme:?}: {value}");
    }
}

fn no_dates() -> HaproxyDates {
    HaproxyDates::default()
}

fn caddy(secret: &str) -> Scheme {
    Scheme::Caddy { secret: Key::new(secret) }
}

fn dynamic(key: &str) -> Scheme {
    Scheme::HaproxyDynamic { key: Key::new(key), dates: no_dates() }
}

/// Python's xxhash 4.1: `xxh64(key + ip_address(ip).packed + struct.pack(">I", port)).hexdigest()`. HAProxy itself is asked in
/// the end-to-end tests.
#[test]
fn haproxys_dynamic_words_are_known() {
    expect(
        &dynamic("MYKEY"),
        &[("c81ac2d2a4a662ad", Ok(A)), ("8273266303ffe689", Ok(B)), ("a", Err(NoHome::Unknown))],
    );
    let long = "a key of more than thirty-two bytes, so that lanes are used";
    expect(
        &dynamic(long),
        &[("59091806c476828f", Ok(A)), ("c81ac2d2a4a662ad", Err(NoHome::Unknown))],
    );
    let low = Facts { address: "10.0.0.1:4".parse().unwrap(), ..a() };
    expect_among(&dynamic("MYKEY"), &[low], &[("055ea8ea923dbf33", Ok(A))]);
}

#[test]
fn a_dynamic_word_may_be_of_another_address_but_of_nothing_else() {
    let moved =
        Facts { address: "192.0.2.9:9".parse().unwrap(), foreign: Some("10.0.0.1:8080"), ..a() };
    expect_among(&dynamic("MYKEY"), &[moved], &[("c81ac2d2a4a662ad", Ok(A))]);
    let named = Facts { foreign: Some("app1"), ..a() };
    let refused = Import::new("old", &dynamic("MYKEY"), None, &[named]).unwrap_err();
    assert_eq!(refused, ImportError::NotAnAddress { foreign: "app1".into() });
}

#[test]
fn haproxys_words_are_those_of_its_servers() {
    let scheme = Scheme::HaproxyName { dates: no_dates() };
    let named = Facts { foreign: Some("s1"), ..a() };
    expect_among(
        &scheme,
        &[named, b()],
        &[
            ("s1", Ok(A)),
            ("b", Ok(B)),
            ("a", Err(NoHome::Unknown)),
            ("", Err(NoHome::Unknown)),
            ("s1~opaque", Err(NoHome::Unknown)),
        ],
    );
}

/// Python's hashlib: `md5(b"10.0.0.1:8080").hexdigest()`.
#[test]
fn nginxs_hashes_are_known_and_routes_are_taken_as_they_are() {
    expect(
        &Scheme::Nginx,
        &[("05ef642f508b1e5b76612ddbd5f89a4c", Ok(A)), ("befa51f9a8293df02f3ecf7cde165ccd", Ok(B))],
    );
    let routed = Facts { foreign: Some("r1"), ..a() };
    let elsewhere = Facts { foreign: Some("10.0.0.1:8080"), ..b() };
    expect_among(
        &Scheme::Nginx,
        &[routed, elsewhere],
        &[
            ("r1", Ok(A)),
            ("05ef642f508b1e5b76612ddbd5f89a4c", Ok(B)),
            ("befa51f9a8293df02f3ecf7cde165ccd", Err(NoHome::Unknown)),
        ],
    );
}

/// Python: `sha256(url).hexdigest()[:16]`, and FNV-1 and FNV-1a written out in four lines from their definition.
#[test]
fn all_that_traefiks_releases_have_written_is_known() {
    expect(
        &Scheme::Traefik,
        &[
            // http://10.0.0.1:8080
            ("cc3dd0c247d6ff41", Ok(A)),
            ("2698f2349e681ab1", Ok(A)),
            ("b0139f9bf96a2faf", Ok(A)),
            ("f66426ef07607227", Ok(A)),
            ("http://10.0.0.1:8080", Ok(A)),
            // With a slash behind it; the FNV-1a of that begins with a zero, which is not written.
            ("4a432bc93bd73673", Ok(A)),
            ("a156d198cf088448", Ok(A)),
            ("9b87e508cf6f0672", Ok(A)),
            ("ca0302988e1c398", Ok(A)),
            ("http://10.0.0.1:8080/", Ok(A)),
            // https://[2001:db8::7]:443
            ("82279db5150c5f11", Ok(B)),
            ("cd54f2744b49613", Ok(B)),
            ("7ffdafd7b2980ca5", Ok(B)),
            ("d0162a485bcc4645", Ok(B)),
            // https://[2001:db8::7]
            ("e2b7b364fb842259", Ok(B)),
            ("fc0f7743230c659a", Ok(B)),
            ("5dbef4b3738aa958", Ok(B)),
            ("47069aaa7171f07e", Ok(B)),
            ("https://[2001:db8::7]", Ok(B)),
            ("http://[2001:db8::7]", Err(NoHome::Unknown)),
        ],
    );
    // The inner hash of 3.0 to 3.3.3 is written with its leading zero.
    let zero = Facts { address: "10.0.0.1:300".parse().unwrap(), ..a() };
    expect_among(
        &Scheme::Traefik,
        &[zero],
        &[("549b79dec217c0a1", Ok(A)), ("71b831ad1ecbabc", Ok(A))],
    );
    let service = Facts { foreign: Some("web@file"), ..a() };
    expect_among(
        &Scheme::Traefik,
        &[service],
        &[
            ("6347664b23298416", Ok(A)),
            ("2f6271a65ed9d2c9", Ok(A)),
            ("web@file", Ok(A)),
            ("cc3dd0c247d6ff41", Err(NoHome::Unknown)),
        ],
    );
}

/// Python: `hmac.new(secret, b"10.0.0.1:8080", "sha256").hexdigest()`.
#[test]
fn caddys_codes_are_known_with_and_without_a_secret() {
    let (a_open, b_open) = (
        "b4196dcae8d61f8cc61ed60f36aff96727f28ea6724a491eaaf6ed0b17f427ca",
        "78983679507bd0d099b680c7aa9f1c704e0eca388904a23d01e145eeb7612ce0",
    );
    expect(&caddy(""), &[(a_open, Ok(A)), (b_open, Ok(B))]);
    expect(
        &caddy("correct horse"),
        &[
            ("de459561cde2d4005d4045ab3702d51834d8d5497f32cdb654b37baa6b9f17e3", Ok(A)),
            ("1388c3caceab1959d418260ac0bb9d01d6739660a5cc0f21a1a66e0965b231f4", Ok(B)),
            (a_open, Err(NoHome::Unknown)),
        ],
    );
}

#[test]
fn balancers_that_hash_names_know_a_target_by_its_name() {
    let named = Facts { host: Some("app.internal"), ..a() };
    // Python: `hmac.new(b"", b"app.internal:8080", "sha256")`, `sha256(b"http://app.internal:8080")[:16]`.
    let code = "257b30da30e7d18c054baffd850227e667ce6baaaf9a486b2fe893a1b01393b2";
    expect_among(&caddy(""), &[named], &[(code, Ok(A))]);
    expect_among(
        &Scheme::Traefik,
        &[named],
        &[("f3efd80d483c419d", Ok(A)), ("cc3dd0c247d6ff41", Ok(A))],
    );
}

/// Python: `md5(b"default-web-80" + b"10.0.0.1:8080").hexdigest()`; behind the bar, `md5(md5(backend) + backend)`.
#[test]
fn the_persistent_keys_of_ingress_nginx_are_known() {
    let scheme = Scheme::IngressNginx { backend: "default-web-80".into() };
    expect(
        &scheme,
        &[
            ("0aa3b49d3795ad62718deaa56ec75fae|6cde5721ec2c7e2bce07cff7d0e4ac37", Ok(A)),
            ("af06b85f9def03e32e50d0358c59e179|6cde5721ec2c7e2bce07cff7d0e4ac37", Ok(B)),
            // Before controllers wrote a second half.
            ("0aa3b49d3795ad62718deaa56ec75fae", Ok(A)),
            ("05ef642f508b1e5b76612ddbd5f89a4c", Err(NoHome::Unknown)),
            ("1764429704.1.33.123456|6cde5721ec2c7e2bce07cff7d0e4ac37", Err(NoHome::Unknown)),
            ("|", Err(NoHome::Unknown)),
        ],
    );
}

/// Python: `b64encode` of the address, or of a record that was put together by hand. Envoy 1.40 itself is asked in the
/// end-to-end tests.
#[test]
fn envoys_addresses_and_records_are_known() {
    expect(
        &Scheme::Envoy,
        &[
            ("MTAuMC4wLjE6ODA4MA==", Ok(A)),
            ("Cg0xMC4wLjAuMTo4MDgw", Ok(A)),
            ("Cg0xMC4wLjAuMTo4MDgwELlg", Ok(A)),
            ("\"Cg0xMC4wLjAuMTo4MDgwELlg\"", Ok(A)),
            ("ChFbMjAwMTpkYjg6OjddOjQ0MxC5YA==", Ok(B)),
            ("10.0.0.1:8080", Err(NoHome::Malformed)),
            ("MTAuMC4wLjE6ODA4MA", Err(NoHome::Malformed)),
            // A record that ends too early, one whose length is too long, one without a length, and none at all.
            ("Cg0xMC4wLjAuMTo4MDg=", Err(NoHome::Malformed)),
            ("Cv//", Err(NoHome::Malformed)),
            ("Cg==", Err(NoHome::Malformed)),
            ("", Err(NoHome::Unknown)),
        ],
    );
}

#[test]
fn envoys_end_holds_where_it_can_be_judged() {
    expect(
        &Scheme::Envoy,
        &[
            // Now, a second ago, and 999,999,999 seconds after that machine was started.
            ("Cg0xMC4wLjAuMTo4MDgwEIifrMkG", Ok(A)),
            ("Cg0xMC4wLjAuMTo4MDgwEIefrMkG", Err(NoHome::TooOld)),
            ("Cg0xMC4wLjAuMTo4MDgwEP+T69wD", Ok(A)),
            // A number that goes on and on, and the largest.
            ("Cg0xMC4wLjAuMTo4MDgwEP///////////////w==", Ok(A)),
            ("Cg0xMC4wLjAuMTo4MDgwEP///////////wE=", Ok(A)),
        ],
    );
}

#[test]
fn envoys_lengths_above_127_take_two_bytes() {
    let path = "x".repeat(200);
    let far = Facts { foreign: Some(&path), ..a() };
    // 200 is 72 and 1 times 128.
    let record = [b"\n\xc8\x01", path.as_bytes(), b"\x10\x01"].concat();
    expect_among(&Scheme::Envoy, &[far], &[(&STANDARD.encode(record), Ok(A))]);
}

#[test]
fn numbers_begin_where_the_other_balancer_began() {
    let rows =
        [("0", Ok(A)), ("1", Ok(B)), ("2", Err(NoHome::Unknown)), ("01", Err(NoHome::Unknown))];
    expect(&Scheme::Index { first: 0 }, &rows);
    expect(
        &Scheme::Index { first: 1 },
        &[("0", Err(NoHome::Unknown)), ("1", Ok(A)), ("2", Ok(B)), ("\"2\"", Ok(B))],
    );
    let other = Facts { foreign: Some("7"), ..b() };
    expect_among(&Scheme::Index { first: 0 }, &[a(), other], &[("7", Ok(B)), ("0", Ok(A))]);
}

#[test]
fn plain_words_are_ids_or_what_the_other_balancer_said() {
    let named = Facts { foreign: Some("node-1"), ..a() };
    for scheme in [Scheme::Name, Scheme::Sozu] {
        expect_among(
            &scheme,
            &[named, b()],
            &[("node-1", Ok(A)), ("b", Ok(B)), ("B", Err(NoHome::Unknown))],
        );
    }
}

#[test]
fn nothing_comes_after_the_end() {
    let import = Import::new("old", &Scheme::Name, Some(NOW), &[a(), b()]).unwrap();
    assert_eq!(import.home(b"a", UnixMillis(NOW.0)), Ok(A), "at the end");
    assert_eq!(import.home(b"a", UnixMillis(NOW.0 + 1)), Err(NoHome::Ended), "after it");
    assert_eq!(import.home(b"x", UnixMillis(NOW.0 + 1)), Err(NoHome::Ended), "whatever it is");
}

#[test]
fn the_first_of_two_targets_with_one_value_has_it() {
    let twin = Facts { foreign: Some("a"), ..b() };
    expect_among(&Scheme::Name, &[a(), twin], &[("a", Ok(A))]);
    expect_among(&Scheme::Name, &[twin, a()], &[("a", Ok(B))]);
}

#[test]
fn values_that_no_cookie_can_have_are_refused() {
    let long = "x".repeat(VALUE_BYTES_MAX + 1);
    for value in ["", "\"a\"", &long] {
        let named = Facts { foreign: Some(value), ..a() };
        let refused = Import::new("old", &Scheme::Name, None, &[named]).unwrap_err();
        assert_eq!(refused, ImportError::BadValue { value: value.into() });
    }
    let import = import(&Scheme::Envoy, &[a()]);
    assert_eq!(import.home(long.as_bytes(), NOW), Err(NoHome::Malformed));
    assert_eq!(import.home(&[b'A'; VALUE_BYTES_MAX], NOW), Err(NoHome::Unknown));
}

#[test]
fn keys_are_not_shown() {
    let shown = format!("{:?} {:?}", caddy("correct horse"), dynamic("MYKEY"));
    assert!(!shown.contains("horse") && !shown.contains("MYKEY"), "{shown}");
}
