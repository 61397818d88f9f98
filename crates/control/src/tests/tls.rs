//! Files for TLS: what a start makes of them, and what becomes of it when they change.

use std::{fs, sync::Arc, time::Duration};

use clingfish_tls::{ClientTls, ServerTls};
use rcgen::{CertificateParams, KeyPair};

use super::stage::{NotingDoors, Stage, get, run, until};
use crate::{Configuration, Control, certificates::Certificates};

const CONFIG: &str = "[[listeners]]\nname = \"front\"\nbind = \"127.0.0.1:4001\"\nforward = \"web\"\n\
    protocol = \"HTTPS\"\ncertificates = [{ certificate = \"tls/a.pem\", key = \"tls/a.key\" }]\n\
    [target_groups.web]\ntargets = [\"127.0.0.1:9\"]\nprotocol = \"HTTPS\"\nhealth_check = false\n";

/// A certificate of its own making, valid until `days` from now.
fn issue(days: i64) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(crate::clock::wall().0);
    let span = Duration::from_secs(days.unsigned_abs() * 24 * 3600);
    params.not_before = (now - Duration::from_secs(100 * 24 * 3600)).into();
    params.not_after = if days < 0 { now - span } else { now + span }.into();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Replaces a file in one step.
fn put(stage: &Stage, name: &str, text: &str) {
    fs::create_dir_all(stage.path("tls")).unwrap();
    fs::write(stage.path("tls/draft"), text).unwrap();
    fs::rename(stage.path("tls/draft"), stage.path(name)).unwrap();
}

fn put_pair(stage: &Stage, (certificate, key): &(String, String)) {
    put(stage, "tls/a.pem", certificate);
    put(stage, "tls/a.key", key);
}

fn server(control: &Control<NotingDoors>) -> Arc<ServerTls> {
    Arc::clone(control.snapshot().unwrap().listeners[0].tls.as_ref().unwrap())
}

fn client(control: &Control<NotingDoors>) -> Arc<ClientTls> {
    Arc::clone(control.snapshot().unwrap().groups[0].tls.as_ref().unwrap())
}

async fn metric(control: &Control<NotingDoors>, line: &str) -> bool {
    let (_, metrics) = get(control.admin_address(), "/metrics").await;
    metrics.lines().any(|found| found == line)
}

#[test]
fn a_bad_file_at_the_start_is_an_error_that_names_it() {
    let stage = Stage::new();
    let (good, other) = (issue(90), issue(90));
    let read = || Configuration::read(&stage.config()).unwrap_err().errors.concat();
    stage.write(CONFIG);
    let path = stage.path("tls/a.pem").display().to_string();
    assert!(
        read().contains(&format!("listener front: cannot read {path}: No such file")),
        "{}",
        read()
    );
    for ((certificate, key), expected) in [
        ((&good.0, &other.1), "a.key: the private key does not belong to the certificate in"),
        ((&issue(-1).0, &good.1), "a.pem: the certificate expired on"),
        ((&good.1, &good.1), "a.pem: there is no certificate in it"),
    ] {
        put_pair(&stage, &(certificate.clone(), key.clone()));
        assert!(read().contains(expected), "{}", read());
    }
    put_pair(&stage, &good);
    assert!(Configuration::read(&stage.config()).unwrap().warnings.is_empty());
    put_pair(&stage, &issue(3));
    let warnings = Configuration::read(&stage.config()).unwrap().warnings.concat();
    assert!(warnings.contains("a.pem: the certificate expires in "), "{warnings}");
}

#[test]
fn every_bad_file_is_told_at_once() {
    let stage = Stage::new();
    stage.write(&format!("{CONFIG}tls = {{ ca = \"tls/ca.pem\" }}\n"));
    let errors = Configuration::read(&stage.config()).unwrap_err().errors;
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("listener front") && errors[1].contains("target group web"));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let stage = Stage::new();
    stage.write(CONFIG);
    put_pair(&stage, &issue(90));
    let large = " ".repeat(clingfish_model::limits::CERTIFICATE_FILE_BYTES_MAX as usize + 1);
    put(&stage, "tls/a.pem", &large);
    let errors = Configuration::read(&stage.config()).unwrap_err().errors.concat();
    assert!(errors.contains("a.pem: it has more than"), "{errors}");
}

#[test]
fn a_changed_certificate_goes_live_and_what_has_not_changed_stays_what_it_is() {
    run(async {
        let stage = Stage::new();
        put_pair(&stage, &issue(90));
        let control = stage.start(CONFIG).await;
        let (first, targets) = (server(&control), client(&control));

        stage.write(&CONFIG.replace(":9\"", ":9\", \"127.0.0.1:8\""));
        assert_eq!(control.reload().await, Ok(2));
        assert!(Arc::ptr_eq(&server(&control), &first), "a reload about something else");
        assert!(Arc::ptr_eq(&client(&control), &targets));

        put_pair(&stage, &issue(80));
        until("the certificate changes", async || !Arc::ptr_eq(&server(&control), &first)).await;
        assert!(Arc::ptr_eq(&client(&control), &targets), "nothing has changed for targets");
        until("it is counted", async || {
            metric(&control, "clingfish_certificate_reloads_total{result=\"applied\"} 1").await
        })
        .await;
    });
}

#[test]
fn a_bad_file_keeps_the_certificate_in_use_until_a_good_one_comes() {
    run(async {
        let stage = Stage::new();
        put_pair(&stage, &issue(90));
        let control = stage.start(CONFIG).await;
        let first = server(&control);

        let next = issue(70);
        put(&stage, "tls/a.pem", &next.0);
        until("the mismatch is told", async || {
            metric(&control, "clingfish_certificates_kept 1").await
        })
        .await;
        assert!(Arc::ptr_eq(&server(&control), &first));

        // Everything else can be changed meanwhile.
        stage.write(&CONFIG.replace(":9\"", ":9\", \"127.0.0.1:8\""));
        assert!(control.reload().await.is_ok());
        assert_eq!(control.snapshot().unwrap().groups[0].targets.len(), 2);
        assert!(Arc::ptr_eq(&server(&control), &first));

        put(&stage, "tls/a.key", &next.1);
        until("the pair is whole", async || {
            metric(&control, "clingfish_certificates_kept 0").await
        })
        .await;
        assert!(!Arc::ptr_eq(&server(&control), &first));
    });
}

#[test]
fn a_configuration_that_waits_for_its_files_is_taken_when_they_come() {
    run(async {
        let stage = Stage::new();
        put_pair(&stage, &issue(90));
        let control = stage.start(CONFIG).await;
        let plain = CONFIG.replace("tls/a.", "tls/b.");
        stage.write(&plain);
        let errors = control.reload().await.unwrap_err().concat();
        assert!(errors.contains("b.pem"), "{errors}");
        let good = issue(60);
        put(&stage, "tls/b.pem", &good.0);
        put(&stage, "tls/b.key", &good.1);
        until("it is taken", async || control.snapshot().unwrap().revision == 2).await;
        assert!(server(&control).certificates()[0].name.ends_with("tls/b.pem"));
    });
}

#[test]
fn a_new_key_ring_gives_new_tickets_and_the_same_certificates() {
    run(async {
        let stage = Stage::new();
        put_pair(&stage, &issue(90));
        let control = stage.start(CONFIG).await;
        let first = server(&control);
        stage.keys().rotate(Duration::ZERO).unwrap();
        until("the ring is taken", async || !Arc::ptr_eq(&server(&control), &first)).await;
        assert!(Arc::ptr_eq(&server(&control).certificates()[0], &first.certificates()[0]));
    });
}

#[test]
fn ages_are_told_as_metrics() {
    run(async {
        let stage = Stage::new();
        put_pair(&stage, &issue(90));
        let control = stage.start(CONFIG).await;
        let path = stage.path("tls/a.pem").display().to_string();
        let (_, metrics) = get(control.admin_address(), "/metrics").await;
        let start =
            format!("clingfish_certificate_expires_time_seconds{{certificate=\"{path}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        let expires: f64 = line.parse().unwrap();
        let days = (expires - crate::clock::wall().0 as f64 / 1e3) / 86_400.0;
        assert!((89.0..91.0).contains(&days), "{days}");
    });
}

#[test]
fn a_certificate_that_expires_in_use_stays_but_none_begins_expired() {
    let stage = Stage::new();
    stage.write(CONFIG);
    put_pair(&stage, &issue(90));
    let configuration = Configuration::read(&stage.config()).unwrap();
    let later = crate::clock::wall() + Duration::from_secs(100 * 24 * 3600);
    let again = configuration.certificates.read_again(later).unwrap();
    assert!(again.is_same(&configuration.certificates) && again.kept.is_empty());
    let warnings = again.expiry_warnings(later).concat();
    assert!(warnings.contains("a.pem: the certificate has expired"), "{warnings}");
    let anew = Certificates::read(&configuration.desired, &Certificates::default(), later);
    assert!(anew.unwrap_err().errors.concat().contains("expired on"));
}
