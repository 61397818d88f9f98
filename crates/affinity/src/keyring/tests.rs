use super::*;

const START: UnixMillis = UnixMillis(1_764_429_704_000);
const DELAY: Duration = KeyRing::SEAL_DELAY;

fn id(id: u16) -> KeyId {
    KeyId::new(id).unwrap()
}

fn secret(byte: u8) -> Secret {
    Secret::new([byte; 32])
}

fn ids(ring: &KeyRing) -> Vec<u16> {
    ring.keys().iter().map(|key| key.id.0.get()).collect()
}

#[test]
fn a_new_key_opens_at_once_and_seals_after_the_delay() {
    let ring = KeyRing::first(secret(1), id(1), START);
    assert_eq!(ring.sealing_key(START).id(), id(1), "the first seals at once");
    let ring = ring.rotate(secret(2), id(2), START, DELAY).unwrap();
    let just_before = UnixMillis((START + DELAY).0 - 1);
    for (now, sealing) in [(UnixMillis(0), 1), (START, 1), (just_before, 1), (START + DELAY, 2)] {
        assert_eq!(ring.sealing_key(now).id(), id(sealing), "{now:?}");
        let is_current = |key| ring.opener(id(key), now).map(|(_, is_current)| is_current);
        assert_eq!((is_current(1), is_current(2)), (Some(sealing == 1), Some(true)), "{now:?}");
    }
    assert!(ring.opener(id(3), START).is_none());
}

#[test]
fn an_old_key_opens_until_nothing_that_it_sealed_can_be_valid() {
    let ring = KeyRing::first(secret(1), id(1), START);
    let ring = ring.rotate(secret(2), id(2), START, DELAY).unwrap();
    let end = START + DELAY + Duration::from_secs(7 * 86_400 / 10 * 11);
    assert_eq!(ring.keys()[0].retires_at(), Some(end));
    assert!(ring.opener(id(1), UnixMillis(end.0 - 1)).is_some());
    assert!(ring.opener(id(1), end).is_none());
    let later = ring.rotate(secret(3), id(3), end, DELAY).unwrap();
    assert_eq!(ids(&later), [2, 3], "a retired key is dropped at the next rotation");
}

#[test]
fn a_rotation_in_haste_keeps_the_order() {
    let ring = KeyRing::first(secret(1), id(1), START);
    let ring = ring.rotate(secret(2), id(2), START, DELAY).unwrap();
    let ring = ring.rotate(secret(3), id(3), START, Duration::ZERO).unwrap();
    assert_eq!(ring.sealing_key(START).id(), id(1));
    assert_eq!(ring.sealing_key(START + DELAY).id(), id(3));
    assert!(KeyRing::parse(&ring.to_text()).is_ok());
}

#[test]
fn a_ring_refuses_a_taken_id_and_a_seventeenth_key() {
    let mut ring = KeyRing::first(secret(1), id(1), START);
    let taken = ring.rotate(secret(2), id(1), START, DELAY).unwrap_err();
    assert_eq!(taken, RotateError::IdTaken { id: id(1) });
    for next in 2..=16 {
        ring = ring.rotate(secret(2), id(next), START, DELAY).unwrap();
    }
    let full = ring.rotate(secret(2), id(17), START, DELAY).unwrap_err();
    assert_eq!(full, RotateError::TooManyKeys);
}

#[test]
fn rings_that_differ_have_different_revisions() {
    let first = KeyRing::first(secret(1), id(1), START);
    let rings = [
        first.clone(),
        KeyRing::first(secret(2), id(1), START),
        KeyRing::first(secret(1), id(2), START),
        first.rotate(secret(2), id(2), START, DELAY).unwrap(),
        first.rotate(secret(2), id(2), START, Duration::ZERO).unwrap(),
    ];
    for (n, ring) in rings.iter().enumerate() {
        let twins = rings.iter().filter(|r| r.revision() == ring.revision());
        assert_eq!(twins.count(), 1, "ring {n}");
    }
}

#[test]
fn the_file_reads_as_it_was_written() {
    let bytes: Vec<u8> = (0..32).collect();
    let first = Secret::new(bytes.try_into().unwrap());
    let ring = KeyRing::first(first, id(0x0102), START);
    let ring = ring.rotate(secret(2), id(0xfffe), START, DELAY).unwrap();
    let text = ring.to_text();
    assert_eq!(
        *text,
        "clingfish key ring 1\n\
         # Whoever reads this file can send clients to targets of their choice, and open TLS session tickets. Keep it to yourself.\n\
         key 0102 created 2025-11-29T15:21:44.000Z seals 2025-11-29T15:21:44.000Z \
         retires 2025-12-07T08:14:44.000Z secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n\
         key fffe created 2025-11-29T15:21:44.000Z seals 2025-11-29T15:26:44.000Z \
         retires never secret AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\n"
    );
    let again = KeyRing::parse(&text).unwrap();
    assert_eq!(again.revision(), ring.revision());
    assert_eq!(*again.to_text(), *text);
    // Computed with another implementation, as the token's golden vector.
    assert_eq!(again.keys()[0].fingerprint(), [0xea, 0xde, 0x2f, 0x1a]);
}

const HEAD: &str = "clingfish key ring 1\n";

/// A line for the key that began to seal on that day of November.
fn line(id: &str, day: &str, retires: &str) -> String {
    let time = format!("2025-11-{day}T00:00:00Z");
    let secret = "A".repeat(43);
    format!("key {id} created {time} seals {time} retires {retires} secret {secret}\n")
}

fn refusal(text: &str) -> (usize, Problem) {
    let error = KeyRing::parse(text).unwrap_err();
    (error.line, error.problem)
}

#[test]
fn a_line_that_is_no_key_is_refused() {
    let good = line("0001", "29", "never");
    for (bad, problem) in [
        ("key 0001\n".to_owned(), Problem::Layout),
        (format!("{} more", good.trim_end()), Problem::Layout),
        (good.replace("seals", "signs"), Problem::Layout),
        (line("0000", "29", "never"), Problem::Id),
        (line("+001", "29", "never"), Problem::Id),
        (line("00001", "29", "never"), Problem::Id),
        (line("0001", "31", "never"), Problem::Time),
        (line("0001", "30", "soon"), Problem::Time),
        (good.replace("AAA\n", "AA\n"), Problem::Secret),
        (good.replace("AAA\n", "AAB\n"), Problem::Secret),
        (good.replace("AAA\n", "AAAA=\n"), Problem::Secret),
    ] {
        assert_eq!(refusal(&format!("{HEAD}\n{bad}")), (3, problem), "{bad}");
    }
}

#[test]
fn keys_that_make_no_ring_are_refused() {
    let newest = line("0001", "29", "never");
    let older = line("0002", "20", "2025-12-10T00:00:00Z");
    let many: String =
        (1..=17).map(|n| line(&format!("{n:04x}"), "20", "2025-12-10T00:00:00Z")).collect();
    let unending = line("0002", "30", "never");
    for (text, at, problem) in [
        (String::new(), 1, Problem::FirstLine),
        (newest.clone(), 1, Problem::FirstLine),
        ("clingfish key ring 2\n".into(), 1, Problem::FirstLine),
        (HEAD.into(), 1, Problem::NoKey),
        (format!("{HEAD}\n# {newest}"), 1, Problem::NoKey),
        (format!("{HEAD}{older}{older}"), 3, Problem::IdTwice),
        (format!("{HEAD}{newest}{older}"), 3, Problem::Order),
        (format!("{HEAD}{newest}{unending}"), 3, Problem::RetiresTooEarly),
        (format!("{HEAD}{older}"), 2, Problem::NewestRetires),
        (format!("{HEAD}{many}"), 18, Problem::TooManyKeys),
    ] {
        assert_eq!(refusal(&text), (at, problem), "{text}");
    }
    assert!(KeyRing::parse(&format!("{HEAD}{older}# note\n\n{newest}")).is_ok());
}

#[test]
fn no_secret_is_shown() {
    let ring = KeyRing::first(secret(0xab), id(1), START);
    let shown = format!("{ring:?} {:?}", secret(0xab));
    for leak in ["ab, ab", "171", "q6ur", "abab"] {
        assert!(!shown.contains(leak), "{shown}");
    }
}

#[test]
fn secrets_for_other_purposes_are_the_same_in_every_version() {
    let hex = |byte: u8, purpose: &str| -> String {
        let ring = KeyRing::first(secret(byte), id(1), START);
        ring.keys()[0].derive(purpose).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(
        hex(7, "tls tickets"),
        "97adc6ac04d904af8567d13f3b1bd35d62c9704e9f866fb9a148c60b08cd75d7"
    );
    assert_ne!(hex(7, "tls tickets"), hex(8, "tls tickets"));
    assert_ne!(hex(7, "tls tickets"), hex(7, "tls ticket"));
    assert_ne!(hex(7, "tls tickets"), "07".repeat(32));
}
