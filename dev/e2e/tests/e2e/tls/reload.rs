//! Certificates that change while clients come.

use std::{fs, thread};

use clingfish_testkit::{Authority, RawClient, eventually, python};

use super::*;
use crate::support::SOON;

const LOAD: &str = include_str!("../../../scripts/tls_load.py");

/// How often the certificate is replaced under load.
const CHANGES: u64 = 5;

fn serial_shown(clingfish: &Clingfish) -> String {
    let visit = visit(clingfish.listener("web"), &["-showcerts"]);
    let begin = visit.stdout.find("-----BEGIN CERTIFICATE-----").unwrap_or_default();
    let shown = &visit.stdout[begin..];
    let end = shown.find("-----END CERTIFICATE-----").unwrap_or_default();
    shown[..end].replace(['\r', '\n'], "")
}

fn body_of(issued: &Issued) -> String {
    let pem = fs::read_to_string(&issued.certificate).unwrap();
    pem[..pem.find("-----END").unwrap()].replace(['\r', '\n'], "")
}

#[test]
fn certificates_are_replaced_under_load_and_nobody_notices() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let clingfish = start(&[&issued], "");
    let end = authority.folder().join("end");
    let (port, ca) = (clingfish.listener("web").port().to_string(), authority.pem().to_owned());
    let load = {
        let end = end.clone();
        let args = move || [port, ca.display().to_string(), end.display().to_string()];
        thread::spawn(move || {
            let args = args();
            python(LOAD, &[&args[0], &args[1], &args[2]])
        })
    };
    let first = clingfish.revision();
    for change in 1..=CHANGES {
        let issued = authority.issue("shop", &["shop.example"]);
        clingfish.wait_revision(first + change);
        assert_eq!(serial_shown(&clingfish), body_of(&issued));
    }
    fs::write(&end, "").unwrap();
    let told = load.join().unwrap();
    let (good, bad) = told.trim().split_once(' ').unwrap();
    assert_eq!(bad, "0", "{told}");
    assert!(good.parse::<u32>().unwrap() > 20, "{told}");
}

#[test]
fn a_bad_file_keeps_the_certificate_in_use_and_says_so() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let clingfish = start(&[&issued], "");
    let before = (body_of(&issued), clingfish.revision());
    let write = |text: &str| {
        let draft = authority.folder().join("draft");
        fs::write(&draft, text).unwrap();
        fs::rename(draft, &issued.certificate).unwrap();
    };
    let kept = || clingfish.metrics().value("clingfish_certificates_kept", &[]);
    for (text, told) in [
        ("not a certificate", "there is no certificate in it"),
        ("-----BEGIN CERTIFICATE-----\nAAAA", "damaged PEM"),
    ] {
        write(text);
        clingfish.wait_log(told);
        assert_eq!(kept(), Some(1.0));
        assert_eq!((serial_shown(&clingfish), clingfish.revision()), before, "{text}");
    }
    assert!(clingfish.log().contains("the certificate in use is kept"), "{}", clingfish.log());
    let renewed = authority.issue("shop", &["shop.example"]);
    eventually(SOON, || (kept() == Some(0.0)).then_some(()));
    assert_eq!(serial_shown(&clingfish), body_of(&renewed));
    let refused =
        clingfish.metrics().value("clingfish_certificate_reloads_total", &[("result", "refused")]);
    assert!(refused >= Some(2.0), "{refused:?}");
}

#[test]
fn connections_from_before_tls_was_asked_for_end_with_it() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let tls = answering(&[&issued], "");
    let without = |line: &&str| !line.starts_with("certificates") && !line.starts_with("protocol");
    let plain: String = tls.lines().filter(without).map(|line| format!("{line}\n")).collect();
    let clingfish = Clingfish::start(&plain);
    let mut kept = RawClient::connect(clingfish.listener("web")).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n";
    kept.send(request).unwrap();
    assert_eq!(kept.read_final_response().unwrap().status, 200);
    clingfish.reload_with(&tls);
    // Whether or not it was noticed to be idle: nothing is answered in the clear any more.
    let answered = kept.send(request).and_then(|()| kept.read_final_response());
    assert!(answered.is_err(), "{answered:?}");
    assert_eq!(serial_shown(&clingfish), body_of(&issued), "new ones are served");
    clingfish.reload_with(&plain);
    assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
}
