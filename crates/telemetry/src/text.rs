//! The Prometheus text exposition, format 0.0.4.
//!
//! Counts come from the [`Registry`]; what is true now (health, revision, keys, ...) is passed in by whoever knows it.

mod families;
mod gauges;
mod page;

use clingfish_model::UnixMillis;

pub use families::{ALL, Family, Kind};
pub use gauges::{
    Build, CertificateFact, Gauges, KeyFact, LearnedFact, ListenerFact, LogCounts, Process,
    Reloads, TargetFact,
};

use crate::{
    HistogramTotals, Registry, Totals, Verdict,
    meter::{GroupTotals, TargetTotals},
    registry::GroupRow,
};
use families as f;
use page::Page;

/// The media type of what [`render`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes every family, documented in `docs/metrics.md`.
pub fn render(registry: &Registry, gauges: &Gauges) -> String {
    let totals = registry.totals();
    let mut page = Page::default();
    write_process(&mut page, gauges);
    write_workers(&mut page, &totals);
    write_access_log(&mut page, gauges.access_log);
    write_admin(&mut page, gauges);
    write_groups(&mut page, &totals.groups, gauges);
    write_targets(&mut page, &totals.groups);
    write_target_verdicts(&mut page, &totals.groups);
    write_target_facts(&mut page, &gauges.targets);
    page.text
}

fn seconds(time: UnixMillis) -> f64 {
    time.0 as f64 / 1e3
}

fn write_process(page: &mut Page, gauges: &Gauges) {
    page.open(&f::BUILD_INFO).sample(&[gauges.build.version, gauges.build.commit], 1);
    let (pid, generation) = (gauges.process.pid, gauges.process.generation);
    page.open(&f::PROCESS_INFO).sample(&[&pid.to_string(), &generation.to_string()], 1);
    page.open(&f::START_TIME).sample(&[], seconds(gauges.started_at));
    page.open(&f::READY).sample(&[], u8::from(gauges.ready));
    page.open(&f::WORKERS).sample(&[], gauges.workers);
    page.open(&f::SNAPSHOT_REVISION).sample(&[], gauges.revision);
    if let Some(at) = gauges.published_at {
        page.open(&f::SNAPSHOT_PUBLISHED).sample(&[], seconds(at));
    }
    let mut reloads = page.open(&f::RELOADS);
    reloads.sample(&["applied"], gauges.reloads.applied);
    reloads.sample(&["refused"], gauges.reloads.refused);
    page.open(&f::UPGRADES_FAILED).sample(&[], gauges.upgrades_failed);
    page.open(&f::TARGET_GROUPS).sample(&[], gauges.target_groups.len());
    let mut listeners = page.open(&f::LISTENER_INFO);
    for fact in &gauges.listeners {
        let labels = [&*fact.listener, &fact.load_balancer, &fact.address, &fact.target_group];
        listeners.sample(&labels, 1);
    }
    let mut keys = page.open(&f::KEY_CREATED);
    for key in &gauges.keys {
        keys.sample(&[&key.id, key.state], seconds(key.created_at));
    }
    write_certificates(page, gauges);
}

fn write_certificates(page: &mut Page, gauges: &Gauges) {
    let mut certificates = page.open(&f::CERTIFICATE_EXPIRES);
    for fact in &gauges.certificates {
        certificates.sample(&[&fact.name], seconds(fact.expires_at));
    }
    page.open(&f::CERTIFICATES_KEPT).sample(&[], gauges.certificates_kept);
    let mut reloads = page.open(&f::CERTIFICATE_RELOADS);
    reloads.sample(&["applied"], gauges.certificate_reloads.applied);
    reloads.sample(&["refused"], gauges.certificate_reloads.refused);
}

fn write_workers(page: &mut Page, totals: &Totals) {
    let workers = &totals.workers;
    for (family, value) in [
        (&f::REQUESTS, workers.requests),
        (&f::CONNECTIONS_ACCEPTED, workers.connections_accepted),
        (&f::CONNECTIONS_REFUSED, workers.connections_refused),
        (&f::CONNECTIONS_ACTIVE, workers.connections_active),
        (&f::CONNECTIONS_IDLE, workers.connections_idle),
        (&f::TUNNELS_ACTIVE, workers.tunnels_active),
        (&f::SESSION_STREAMS, workers.session_streams_active),
        (&f::STREAM_SESSIONS_NOTED, workers.stream_sessions_noted),
        (&f::STREAM_SESSIONS_EVICTED, workers.stream_sessions_evicted),
        (&f::STREAM_SESSIONS_REFUSED, workers.stream_sessions_refused),
        (&f::STREAM_SESSIONS_KEPT, workers.stream_sessions_kept),
        (&f::UPSTREAM_CONNECTS, workers.upstream_connects),
        (&f::UPSTREAM_REUSES, workers.upstream_reuses),
        (&f::TLS_HANDSHAKES, workers.tls_handshakes),
        (&f::TLS_RESUMPTIONS, workers.tls_resumptions),
        (&f::TLS_HANDSHAKES_FAILED, workers.tls_handshakes_failed),
        (&f::PANICS, workers.panics),
        (&f::DROPPED_INVALID_HEADERS, workers.dropped_invalid_headers),
    ] {
        page.open(family).sample(&[], value);
    }
    let mut classes = page.open(&f::NON_COMPLIANT);
    for (class, count) in ["acceptable", "ambiguous", "severe"].iter().zip(workers.non_compliant) {
        classes.sample(&[class], count);
    }
    let mut preambles = page.open(&f::PREAMBLES_REFUSED);
    for (reason, count) in &workers.preambles_refused {
        preambles.sample(&[reason], count);
    }
    let mut answers = page.open(&f::OWN_ANSWERS);
    for ((status, reason), count) in &workers.own_answers {
        answers.sample(&[&status.to_string(), reason], count);
    }
}

fn write_access_log(page: &mut Page, counts: LogCounts) {
    page.open(&f::LOG_WRITTEN).sample(&[], counts.written);
    page.open(&f::LOG_LOST).sample(&[], counts.lost);
}

fn write_admin(page: &mut Page, gauges: &Gauges) {
    let mut refused = page.open(&f::ADMIN_REFUSED);
    for (reason, count) in &gauges.admin_refused {
        refused.sample(&[reason], count);
    }
}

fn write_groups(page: &mut Page, groups: &[GroupRow], gauges: &Gauges) {
    let mut requests = page.open(&f::GROUP_REQUESTS);
    for group in groups {
        for (class, verdict, count) in group.totals.requests().filter(|(.., count)| *count > 0) {
            requests.sample(&[&group.name, class, verdict.as_str()], count);
        }
    }
    let mut choices = page.open(&f::GROUP_CHOICES);
    for group in groups {
        for (verdict, count) in group.totals.choices().filter(|(_, count)| *count > 0) {
            choices.sample(&[&group.name, verdict.as_str()], count);
        }
    }
    write_histograms(page, &f::GROUP_DURATION, groups, |totals| &totals.duration);
    write_histograms(page, &f::GROUP_RESPONSE, groups, |totals| &totals.target_response);
    type Read = fn(&GroupTotals) -> u64;
    let counters: [(&Family, Read); 8] = [
        (&f::GROUP_RECEIVED, |totals| totals.received_bytes),
        (&f::GROUP_SENT, |totals| totals.sent_bytes),
        (&f::GROUP_RETRIES, |totals| totals.retries),
        (&f::GROUP_RETRIES_REFUSED, |totals| totals.retries_refused),
        (&f::GROUP_SESSIONS, |totals| totals.sessions_created),
        (&f::GROUP_ID_SEARCHES, |totals| totals.id_searches_given_up),
        (&f::GROUP_IDS_NOT_WRAPPED, |totals| totals.ids_not_wrapped),
        (&f::GROUP_FAIL_OPEN, |totals| totals.fail_open_requests),
    ];
    for (family, read) in counters {
        let mut samples = page.open(family);
        for group in groups {
            samples.sample(&[&group.name], read(&group.totals));
        }
    }
    write_learned(page, &gauges.learned);
    let mut targets = page.open(&f::GROUP_TARGETS);
    for ((group, state), count) in gauges.targets_by_state() {
        targets.sample(&[group, state], count);
    }
    let mut anomalous = page.open(&f::GROUP_ANOMALOUS);
    for (group, count) in gauges.targets_that(|fact| fact.is_anomalous) {
        anomalous.sample(&[group], count);
    }
    let mut mitigated = page.open(&f::GROUP_MITIGATED);
    for (group, count) in gauges.targets_that(|fact| fact.is_mitigated) {
        mitigated.sample(&[group], count);
    }
}

fn write_learned(page: &mut Page, tables: &[LearnedFact]) {
    let mut sizes = page.open(&f::LEARNED_SESSIONS);
    for table in tables {
        sizes.sample(&[&table.group], table.sessions);
    }
    let mut events = page.open(&f::LEARNED_EVENTS);
    for table in tables {
        for (event, count) in table.events {
            events.sample(&[&table.group, event], count);
        }
    }
}

fn write_histograms(
    page: &mut Page,
    family: &'static Family,
    groups: &[GroupRow],
    read: fn(&GroupTotals) -> &HistogramTotals,
) {
    let mut samples = page.open(family);
    for group in groups {
        samples.histogram(&[&group.name], read(&group.totals));
    }
}

fn write_targets(page: &mut Page, groups: &[GroupRow]) {
    type Read = fn(&TargetTotals) -> u64;
    let counters: [(&Family, Read); 3] = [
        (&f::TARGET_REQUESTS, TargetTotals::requests),
        (&f::TARGET_5XX, |totals| totals.responses_5xx),
        (&f::TARGET_CONNECT_FAILURES, |totals| totals.connect_failures),
    ];
    for (family, read) in counters {
        let mut samples = page.open(family);
        for group in groups {
            for (target, totals) in &group.targets {
                samples.sample(&[&group.name, target], read(totals));
            }
        }
    }
}

/// What is not sticky has one verdict only, which would tell nothing new.
fn write_target_verdicts(page: &mut Page, groups: &[GroupRow]) {
    let mut verdicts = page.open(&f::TARGET_VERDICTS);
    for group in groups {
        for (target, totals) in &group.targets {
            let told = totals.by_verdict();
            for (verdict, count) in told.filter(|told| told.0 != Verdict::Off && told.1 > 0) {
                verdicts.sample(&[&group.name, target, verdict.as_str()], count);
            }
        }
    }
}

fn write_target_facts(page: &mut Page, targets: &[TargetFact]) {
    let mut routable = page.open(&f::TARGET_ROUTABLE);
    for fact in targets {
        routable.sample(&[&fact.group, &fact.target], u8::from(fact.is_routable));
    }
    let mut anomalous = page.open(&f::TARGET_ANOMALOUS);
    for fact in targets {
        anomalous.sample(&[&fact.group, &fact.target], u8::from(fact.is_anomalous));
    }
    let mut share = page.open(&f::TARGET_SHARE);
    for fact in targets {
        share.sample(&[&fact.group, &fact.target], fact.share);
    }
    let mut state = page.open(&f::TARGET_STATE);
    for fact in targets {
        let labels = [&*fact.group, &fact.target, &fact.address, fact.state, fact.reason];
        state.sample(&labels, 1);
    }
    let mut in_flight = page.open(&f::TARGET_IN_FLIGHT);
    for fact in targets {
        in_flight.sample(&[&fact.group, &fact.target], fact.in_flight);
    }
    let mut sessions = page.open(&f::TARGET_SESSIONS);
    for fact in targets {
        for (window, count) in ["duration", "5m"].iter().zip(fact.sessions) {
            sessions.sample(&[&fact.group, &fact.target, window], count);
        }
    }
}

#[cfg(test)]
mod tests;
