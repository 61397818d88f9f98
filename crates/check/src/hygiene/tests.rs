use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn cookie(line: &str) -> SetCookie {
    SetCookie::parse(line).unwrap()
}

#[track_caller]
fn assert_faults(remarks: &[Remark], expected: &[&str], line: &str) {
    let faults: Vec<&String> = remarks
        .iter()
        .filter_map(|remark| match remark {
            Remark::Fault(text) => Some(text),
            Remark::Note(_) => None,
        })
        .collect();
    assert_eq!(faults.len(), expected.len(), "{line}: {faults:?}");
    for (fault, words) in faults.iter().zip(expected) {
        assert!(fault.contains(words), "{line}: {fault:?} has no {words:?}");
    }
}

#[test]
fn flags_that_miss_or_that_browsers_refuse_are_faults() {
    for (line, from, expected) in [
        ("a=1; Secure; HttpOnly; SameSite=Lax", "https://x.example/", &[][..]),
        ("a=1; HttpOnly; SameSite=Lax", "http://x.example/", &[]),
        ("a=1; HttpOnly", "https://x.example/", &["no Secure"]),
        ("a=1; Secure", "https://x.example/", &["no HttpOnly"]),
        ("a=1; Secure; HttpOnly", "http://x.example/", &["Secure over plain http"]),
        ("a=1; HttpOnly; SameSite=None", "http://x.example/", &["None without Secure"]),
        ("a=1; HttpOnly; Partitioned", "http://x.example/", &["Partitioned without"]),
        ("a=1; HttpOnly; Domain=y.example", "http://x.example/", &["Domain"]),
        ("__Host-a=1; Secure; HttpOnly", "https://x.example/", &["prefix"]),
    ] {
        assert_faults(&flags(&cookie(line), &url(from)), expected, line);
    }
}

#[test]
fn a_cookie_that_does_not_come_along_everywhere_is_a_fault() {
    let long = format!("a={}; Path=/", "x".repeat(4096));
    for (line, others, expected) in [
        ("a=1; Path=/", &[][..], &[][..]),
        ("a=1", &[], &["no Path"]),
        ("a=1; Path=/shop", &[], &["Path=/shop"]),
        ("a=1; Path=/", &["a=2; Path=/"], &["2 times"]),
        ("a=1; Path=/", &["b=2; Path=/"], &[]),
        (&long, &[], &["browsers drop it"]),
    ] {
        let mut lines = vec![cookie(line)];
        lines.extend(others.iter().map(|line| cookie(line)));
        assert_faults(&scope(&cookie(line), &lines), expected, line);
    }
}

#[test]
fn dates_that_contradict_or_are_past_are_faults() {
    let hour = "Thu, 01 Jan 1970 01:01:40 GMT";
    for (attributes, expected) in [
        (String::new(), &[][..]),
        ("; Max-Age=3600".into(), &[]),
        (format!("; Expires={hour}"), &[]),
        (format!("; Expires={hour}; Max-Age=3600"), &[]),
        (format!("; Expires={hour}; Max-Age=60"), &["clients differ"]),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT".into(), &["expired before"]),
        ("; Max-Age=soon".into(), &["no number"]),
        ("; Expires=2026-11-28".into(), &["no date"]),
    ] {
        let cookie = cookie(&format!("a=0123456789abcdef0123{attributes}"));
        assert_faults(&life(&cookie, 100), expected, &attributes);
    }
}

#[test]
fn a_readable_value_is_a_fault() {
    for (line, expected) in [
        ("a=MTAuMC4wLjE6ODA", &["10.0.0.1:80 in base64"][..]),
        ("a=s1", &["name s1"]),
        ("a=kP3_x9dQ0fJ7aZ", &[]),
    ] {
        assert_faults(&opaque(&cookie(line), &[]), expected, line);
    }
}

#[test]
fn remarks_make_a_judgement() {
    let set = cookie("a=1");
    let note = || Remark::Note("n".into());
    for (remarks, outcome) in [
        (vec![], Outcome::Kept),
        (vec![note()], Outcome::Kept),
        (vec![note(), Remark::Fault("f".into())], Outcome::Broken),
    ] {
        assert_eq!(judge(std::slice::from_ref(&set), remarks).outcome, outcome);
    }
    assert_eq!(judge(&[], vec![]).outcome, Outcome::CouldNotTell);
}
