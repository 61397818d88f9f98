use std::time::Duration;

use super::*;
use crate::{PreambleRefusal, RequestEnd, Verdict};

/// The table of families in the documentation: name, type and labels of each row.
fn documented() -> Vec<(String, String, Vec<String>)> {
    let page = include_str!("../../../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `clingfish_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned(), labels)
    })
    .collect()
}

#[test]
fn the_documentation_names_every_family_with_its_type_and_labels() {
    let families: Vec<_> = ALL
        .iter()
        .map(|family| {
            let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
            (family.name.to_owned(), family.kind.as_str().to_owned(), labels)
        })
        .collect();
    assert_eq!(families, documented());
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for family in ALL {
        let is_total = family.name.ends_with("_total");
        assert_eq!(is_total, family.kind == Kind::Counter, "{}", family.name);
        assert!(!family.name.contains("millis") && !family.name.contains("_ms"), "{}", family.name);
        assert!(!family.help.contains(['\n', '\\']), "{}", family.name);
    }
}

fn end(status: u16, verdict: Verdict) -> RequestEnd {
    RequestEnd {
        status: Some(status),
        target_status: Some(status),
        verdict,
        duration: Duration::from_micros(700),
        target_response: Some(Duration::from_micros(600)),
        received_bytes: 100,
        sent_bytes: 250,
    }
}

fn registry() -> Registry {
    let registry = Registry::new(2);
    for worker in 0..2 {
        let meter = registry.worker(worker);
        meter.requests.add(3);
        meter.connections_accepted.add(2);
        meter.connections_active.increment();
        meter.non_compliant.severe.increment();
        meter.own_answers.count(502, "connect failed");
        meter.dropped_invalid_headers.increment();
        meter.preambles_refused.count(PreambleRefusal::Missing);
        let target = registry.target(worker, "web", "10.0.0.1:3000");
        registry.group(worker, "web").count(&end(200, Verdict::Hit), Some(&target));
    }
    registry.group(0, "web").count(&end(200, Verdict::New), None);
    registry.group(0, "web").sessions_created.increment();
    registry.group(0, "web").count_choice(Verdict::New);
    registry.group(1, "web").count_choice(Verdict::Hit);
    registry.group(1, "web").count(&end(503, Verdict::TargetGone), None);
    registry.target(1, "web", "odd\"one").connect_failures.add(3);
    registry
}

fn gauges() -> Gauges {
    let target = |group: &str, id: &str, state, reason, is_routable| TargetFact {
        group: group.into(),
        target: id.into(),
        address: "10.0.0.1:3000".into(),
        state,
        reason,
        is_routable,
        is_anomalous: is_routable,
        is_mitigated: is_routable,
        share: if is_routable { 0.25 } else { 1.0 },
        in_flight: 4,
        sessions: [1_200, 300],
    };
    Gauges {
        build: Build { version: "0.1.0", commit: "" },
        process: Process { pid: 4711, generation: 2 },
        upgrades_failed: 1,
        started_at: UnixMillis(1_795_170_365_120),
        ready: true,
        workers: 2,
        revision: 7,
        published_at: Some(UnixMillis(1_795_170_366_000)),
        reloads: Reloads { applied: 6, refused: 1 },
        target_groups: vec!["web".into(), "sick".into(), "empty".into()],
        listeners: vec![ListenerFact {
            listener: "public".into(),
            load_balancer: "default".into(),
            address: "[::1]:8080".into(),
            target_group: "web".into(),
        }],
        keys: vec![KeyFact {
            id: "4242".into(),
            state: "sealing",
            created_at: UnixMillis(1_795_000_000_000),
        }],
        certificates: vec![CertificateFact {
            name: "/etc/clingfish/shop.pem".into(),
            expires_at: UnixMillis(1_800_000_000_000),
        }],
        certificates_kept: 1,
        certificate_reloads: Reloads { applied: 3, refused: 2 },
        targets: vec![
            target("web", "10.0.0.1:3000", "healthy", "", true),
            target("web", "odd\"one", "unhealthy", "Target.Timeout", false),
            target("sick", "10.0.0.2:3000", "unhealthy", "Target.Timeout", false),
        ],
        learned: vec![LearnedFact {
            group: "web".into(),
            sessions: 12,
            events: [
                ("found", 1),
                ("missed", 2),
                ("learned", 3),
                ("renewed", 4),
                ("moved", 5),
                ("refused", 6),
                ("forgotten", 7),
                ("expired", 8),
                ("evicted_full", 9),
                ("evicted_quota", 10),
            ],
        }],
        access_log: LogCounts { written: 5, lost: 1 },
        admin_refused: vec![("host", 0), ("cross_site", 3)],
    }
}

#[test]
fn the_text_never_changes() {
    let text = render(&registry(), &gauges());
    let golden = include_str!("golden.txt");
    for (written, expected) in text.lines().zip(golden.lines()) {
        assert_eq!(written, expected);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

#[test]
fn every_sample_belongs_to_the_family_above_it() {
    let text = render(&registry(), &gauges());
    let mut family = "";
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap();
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let suffix = name.strip_prefix(family).unwrap();
            assert!(["", "_bucket", "_sum", "_count"].contains(&suffix), "{line}");
        }
    }
    let opened: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let all: Vec<_> =
        ALL.iter().map(|family| format!("{} {}", family.name, family.kind.as_str())).collect();
    assert_eq!(opened, all);
}

#[test]
fn a_process_without_anything_has_text_too() {
    let text = render(&Registry::new(0), &Gauges::default());
    assert!(
        text.contains("\nclingfish_ready 0\n")
            && text.contains("\nclingfish_snapshot_revision 0\n")
    );
    assert!(!text.contains("snapshot_published"));
}
