use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use clingfish_model::{
    Owner, ResourceId, Version,
    desired::{self, LogFormat, LogSink},
    limits::ACCESS_LOG_BATCHES_MAX,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    encode::{Calendar, Pen},
    *,
};
use crate::{Verdict, text::LogCounts};

mod folders;

fn facts() -> Facts {
    Facts {
        kind: Kind::Http,
        created_at: UnixMicros(1_795_170_365_120_000),
        responded_at: UnixMicros(1_795_170_365_123_456),
        load_balancer_id: ResourceId::derive("app", "default"),
        client: "192.0.2.7:50000".parse().unwrap(),
        target: Some("10.0.0.1:3000".parse().unwrap()),
        request_processing: Some(Duration::from_micros(40)),
        target_processing: Some(Duration::from_micros(3_210)),
        response_processing: Some(Duration::from_micros(15)),
        status: Some(200),
        target_status: Some(200),
        received_bytes: 310,
        sent_bytes: 1_500,
        version: Version::Http11,
        port: 8080,
        group_id: Some(ResourceId::derive("targetgroup", "web")),
        rule_priority: Some(0),
        action: "forward",
        transform_status: "",
        error_reason: "",
        classification: "",
        classification_reason: "",
        tls_version: "",
        tls_cipher: "",
        connection: 0xfeed,
        verdict: Some(Verdict::Hit),
        group_verdict: Some(Verdict::ForeignGroup),
        session: Some(*b"\x01secret\xff"),
    }
}

fn texts() -> Texts<'static> {
    Texts {
        load_balancer: b"default",
        method: b"GET",
        host: b"shop.example",
        path_and_query: b"/cart?item=1",
        user_agent: b"curl/8.5.0",
        group: b"web",
        trace_id: b"Root=1-5f84c7a9-0123456789abcdef01234567",
        home: b"10.0.0.1:3000",
        ..Texts::default()
    }
}

const ATTEMPT: Attempt = Attempt {
    target: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 3000),
    status: Some(200),
};

fn record() -> Record<'static> {
    static FACTS: LazyLock<Facts> = LazyLock::new(facts);
    Record { facts: &FACTS, texts: texts(), attempts: &[ATTEMPT] }
}

/// A request that brought nothing: an unreadable head.
fn bare() -> Record<'static> {
    static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts {
        target: None,
        request_processing: None,
        target_processing: None,
        response_processing: None,
        status: Some(400),
        target_status: None,
        group_id: None,
        rule_priority: None,
        action: "",
        error_reason: "bad request line",
        classification: "Severe",
        classification_reason: "BadUri",
        verdict: None,
        group_verdict: None,
        session: None,
        ..facts()
    });
    Record {
        facts: &FACTS,
        texts: Texts { load_balancer: b"default", ..Texts::default() },
        attempts: &[],
    }
}

type Write = fn(&Record<'_>, bool, &mut Pen, &mut Vec<u8>);

/// The record's line, as it comes out of a batch.
fn line(write: Write, record: &Record<'_>) -> String {
    let (mut batch, mut out) = (Batch::new(0), Vec::new());
    batch.push(record);
    for (record, is_plain) in batch.records() {
        write(&record, is_plain, &mut Pen::of(&Owner::default()), &mut out);
    }
    String::from_utf8(out).unwrap()
}

/// Splits as parsers of ALB's logs do: at spaces, quotes hold a field together and nothing escapes them.
fn alb_fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    assert!(!is_quoted, "{line}");
    fields.push(field);
    fields
}

#[test]
fn a_line_of_json_never_changes_its_keys() {
    let parsed: Value = serde_json::from_str(&line(json::write, &record())).unwrap();
    assert_eq!(
        parsed,
        json!({
            "type": "http",
            "time": "2026-11-20T10:26:05.123456Z",
            "request_creation_time": "2026-11-20T10:26:05.120000Z",
            "elb": format!("app/default/{}", ResourceId::derive("app", "default")),
            "client": "192.0.2.7:50000",
            "target": "10.0.0.1:3000",
            "request_processing_time": 0.00004,
            "target_processing_time": 0.00321,
            "response_processing_time": 0.000015,
            "elb_status_code": 200,
            "target_status_code": 200,
            "received_bytes": 310,
            "sent_bytes": 1500,
            "method": "GET",
            "scheme": "http",
            "host": "shop.example",
            "port": 8080,
            "path": "/cart?item=1",
            "protocol": "HTTP/1.1",
            "user_agent": "curl/8.5.0",
            "trace_id": "Root=1-5f84c7a9-0123456789abcdef01234567",
            "conn_trace_id": "TID_000000000000feed",
            "target_group_arn":
                "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732",
            "matched_rule_priority": 0,
            "actions_executed": "forward",
            "attempts": [{"target": "10.0.0.1:3000", "status_code": 200}],
            "verdict": "hit",
            "group_verdict": "foreign_group",
            "session": session_tag(*b"\x01secret\xff"),
            "home": "10.0.0.1:3000",
        })
    );
}

#[test]
fn a_line_of_albs_format_never_changes() {
    let id = ResourceId::derive("app", "default");
    let tag = session_tag(*b"\x01secret\xff");
    assert_eq!(
        line(alb::write, &record()),
        format!(
            "http 2026-11-20T10:26:05.123456Z app/default/{id} 192.0.2.7:50000 10.0.0.1:3000 \
             0.000 0.003 0.000 200 200 310 1500 \"GET http://shop.example:8080/cart?item=1 HTTP/1.1\" \
             \"curl/8.5.0\" - - arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732 \
             \"Root=1-5f84c7a9-0123456789abcdef01234567\" \"-\" \"-\" 0 2026-11-20T10:26:05.120000Z \
             \"forward\" \"-\" \"-\" \"10.0.0.1:3000\" \"200\" \"-\" \"-\" TID_000000000000feed \
             \"-\" \"-\" \"-\" \"hit\" \"{tag}\" \"10.0.0.1:3000\" 1 \"foreign_group\""
        )
    );
    assert_eq!(
        line(alb::write, &bare()),
        format!(
            "http 2026-11-20T10:26:05.123456Z app/default/{id} 192.0.2.7:50000 - -1 -1 -1 400 - 310 1500 \
             \"- http://-:8080- -\" \"-\" - - - \"-\" \"-\" \"-\" - 2026-11-20T10:26:05.120000Z \"-\" \"-\" \
             \"bad request line\" \"-\" \"-\" \"Severe\" \"BadUri\" TID_000000000000feed \"-\" \"-\" \"-\" \
             \"-\" \"-\" \"-\" 0 \"-\""
        )
    );
}

#[test]
fn lists_of_attempts_hold_all_of_them() {
    let refused = Attempt { target: "[2001:db8::2]:3000".parse().unwrap(), status: None };
    let record = Record { attempts: &[refused, ATTEMPT], ..record() };
    let fields = alb_fields(&line(alb::write, &record));
    assert_eq!(fields[25], "[2001:db8::2]:3000 10.0.0.1:3000");
    assert_eq!(fields[26], "- 200");
    assert_eq!(fields[36], "2");
}

#[test]
fn sessions_are_hashed_and_the_hash_never_changes() {
    assert_eq!(session_tag(*b"\x01secret\xff"), "188f657c");
    let lines = line(json::write, &record()) + &line(alb::write, &record());
    assert!(!lines.contains("secret"));
}

#[test]
fn what_a_rule_did_has_its_own_keys_and_fields() {
    static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts {
        rule_priority: Some(10),
        action: "redirect",
        transform_status: "TransformSuccess",
        ..facts()
    });
    let texts = Texts {
        redirect_url: b"https://shop.example/",
        transformed_host: b"inner.example",
        transformed_uri: b"/new?x=1",
        ..texts()
    };
    let record = Record { facts: &FACTS, texts, ..record() };
    let parsed: Value = serde_json::from_str(&line(json::write, &record)).unwrap();
    let fields = alb_fields(line(alb::write, &record).trim_end());
    for (number, key, expected) in [
        (21, "matched_rule_priority", json!(10)),
        (23, "actions_executed", json!("redirect")),
        (24, "redirect_url", json!("https://shop.example/")),
        (31, "transformed_host", json!("inner.example")),
        (32, "transformed_uri", json!("/new?x=1")),
        (33, "request_transform_status", json!("TransformSuccess")),
    ] {
        assert_eq!(parsed[key], expected, "{key}");
        let text = expected.as_str().map_or_else(|| expected.to_string(), str::to_owned);
        assert_eq!(fields[number - 1], text, "{key}");
    }
}

#[test]
fn lost_lines_have_the_shape_of_their_format() {
    let mut out = Vec::new();
    alb::write_lost(7, UnixMicros(0), &mut Calendar::default(), &mut out);
    let alb = String::from_utf8(std::mem::take(&mut out)).unwrap();
    let fields = alb_fields(&alb);
    assert_eq!((fields.len(), &*fields[0], &*fields[24]), (alb::FIELDS, "lost", "7 lines lost"));
    json::write_lost(7, UnixMicros(0), &mut Calendar::default(), &mut out);
    let parsed: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&parsed["type"], &parsed["lines_lost"]), (&json!("lost"), &json!(7)));
}

proptest! {
    #[test]
    fn no_request_can_break_a_line(
        texts in prop::array::uniform6(prop::collection::vec(any::<u8>(), 0..40)),
    ) {
        let [method, host, path, agent, trace, home] = &texts;
        let record = Record {
            texts: Texts {
                load_balancer: b"default",
                group: b"web",
                method,
                host,
                path_and_query: path,
                user_agent: agent,
                trace_id: trace,
                home,
                redirect_url: path,
                transformed_host: host,
                transformed_uri: path,
                server_name: host,
                certificate: path,
            },
            ..record()
        };
        let json = line(json::write, &record);
        let parsed: Value = serde_json::from_str(&json).unwrap();
        prop_assert!(json.chars().all(|c| !c.is_control()), "{json:?}");
        if !path.is_empty() {
            let expected = String::from_utf8_lossy(path);
            prop_assert_eq!(parsed["path"].as_str(), Some(&*expected));
        }
        let alb = line(alb::write, &record);
        prop_assert!(alb.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{alb:?}");
        prop_assert_eq!(alb_fields(&alb).len(), alb::FIELDS);
    }

    #[test]
    fn a_batch_gives_back_what_was_put_in(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..40),
        attempts in 0_usize..5,
    ) {
        let attempts = vec![ATTEMPT; attempts];
        let mut batch = Batch::new(0);
        for text in &texts {
            batch.push(&Record {
                texts: Texts { path_and_query: text, method: text, ..self::texts() },
                attempts: &attempts,
                ..record()
            });
        }
        prop_assert_eq!(batch.records().count(), texts.len());
        for ((record, _), text) in batch.records().zip(&texts) {
            prop_assert_eq!(record.texts.path_and_query, &**text);
            prop_assert_eq!(record.texts.method, &text[..text.len().min(64)]);
            prop_assert_eq!(record.texts.home, b"10.0.0.1:3000");
            prop_assert_eq!(record.attempts.len(), attempts.len().min(3));
        }
    }
}

/// The worst request that the limits allow, and far beyond.
#[test]
fn the_largest_record_fits_a_batch() {
    let huge = vec![b'"'; 1 << 20];
    let mut batch = Batch::new(0);
    batch.push(&Record {
        texts: Texts {
            load_balancer: &huge,
            method: &huge,
            host: &huge,
            path_and_query: &huge,
            user_agent: &huge,
            group: &huge,
            trace_id: &huge,
            home: &huge,
            redirect_url: &huge,
            transformed_host: &huge,
            transformed_uri: &huge,
            server_name: &huge,
            certificate: &huge,
        },
        ..record()
    });
    assert!(batch.bytes() <= ACCESS_LOG_BATCH_BYTES_MAX);
}

fn config(path: &Path) -> LogPlan {
    desired::AccessLog { sink: LogSink::File(path.to_owned()), format: LogFormat::Json }.into()
}

fn start(path: &Path) -> (LogWriter, AccessLog) {
    let (writer, mut ends) = LogWriter::start(&config(path), 1).unwrap();
    (writer, ends.remove(0))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(path: &Path) -> Vec<String> {
    let lines = lines(path);
    lines.iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    (folder, path)
}

#[test]
fn what_is_pushed_is_written_once_and_in_order() {
    let (_folder, path) = folder();
    let (writer, mut log) = start(&path);
    for at in 0..5_000_u64 {
        log.push(&Record { facts: &Facts { sent_bytes: at, ..facts() }, ..record() });
        if at % 1_000 == 0 {
            log.flush();
            writer.sync();
        }
    }
    drop(log);
    writer.sync();
    assert_eq!(writer.counts(), LogCounts { written: 5_000, lost: 0 });
    assert!(writer.stop());
    let sent: Vec<_> =
        lines(&path).iter().map(|line| line["sent_bytes"].as_u64().unwrap()).collect();
    assert_eq!(sent, (0..5_000).collect::<Vec<_>>());
}

#[test]
fn lines_that_the_writer_cannot_take_are_counted_and_told() {
    let (_folder, path) = folder();
    let shared = Arc::new(Shared::default());
    shared.set_scope(Scope::Everything);
    let (outgoing, incoming) = std::sync::mpsc::sync_channel(1);
    let (_back, emptied) = std::sync::mpsc::sync_channel(1);
    let mut log =
        AccessLog { shared: Arc::clone(&shared), batch: Batch::new(0), lost: 0, outgoing, emptied };
    for _ in 0..3 {
        log.push(&record());
        log.push(&record());
        log.flush();
    }
    assert_eq!(shared.lost.load(Relaxed), 4, "the first two wait in the channel");
    let first = incoming.recv().unwrap();
    assert!(matches!(first, Message::Batch(batch) if batch.lost_before == 0 && batch.lines() == 2));
    log.flush();
    let told = incoming.recv().unwrap();
    assert!(matches!(told, Message::Batch(batch) if batch.lost_before == 4 && batch.is_empty()));
    log.flush();
    assert!(incoming.try_recv().is_err(), "told once");
    drop(path);
}

#[test]
fn the_log_says_how_many_lines_are_missing() {
    let (_folder, path) = folder();
    let (writer, mut log) = start(&path);
    log.push(&record());
    log.lost = 3;
    drop(log);
    assert!(writer.stop());
    assert_eq!(types(&path), ["lost", "http"]);
    assert_eq!(lines(&path)[0]["lines_lost"], json!(3));
}

#[test]
fn a_moved_file_is_left_alone_after_reopening() {
    let (folder, path) = folder();
    let moved = folder.path().join("access.log.1");
    let (writer, mut log) = start(&path);
    let mut push = |count: usize| {
        (0..count).for_each(|_| log.push(&record()));
        log.flush();
        writer.sync();
    };
    push(2);
    fs::rename(&path, &moved).unwrap();
    push(1);
    writer.reopen();
    writer.sync();
    push(4);
    assert_eq!((lines(&moved).len(), lines(&path).len()), (3, 4));
}

#[test]
fn a_file_that_cannot_be_reopened_stays_in_use() {
    let (_outer, path) = folder();
    let folder = path.parent().unwrap().join("inner");
    let moved = path.parent().unwrap().join("moved");
    fs::create_dir(&folder).unwrap();
    let (writer, mut log) = start(&folder.join("access.log"));
    fs::rename(&folder, &moved).unwrap();
    writer.reopen();
    writer.sync();
    log.push(&record());
    log.flush();
    writer.sync();
    assert_eq!(lines(&moved.join("access.log")).len(), 1);
}

#[test]
fn a_full_disk_costs_lines_but_not_the_log() {
    let (_folder, path) = folder();
    let (writer, mut log) = start(Path::new("/dev/full"));
    for _ in 0..2 {
        log.push(&record());
        log.flush();
        writer.sync();
    }
    assert_eq!(writer.counts(), LogCounts { written: 0, lost: 2 });
    writer.redirect(&config(&path)).unwrap();
    writer.sync();
    log.push(&record());
    drop(log);
    assert!(writer.stop());
    assert_eq!(types(&path), ["lost", "http"]);
    assert_eq!(lines(&path)[0]["lines_lost"], json!(2));
}

#[test]
fn a_log_that_is_off_takes_nothing() {
    let (_folder, path) = folder();
    let off = desired::AccessLog { sink: LogSink::Off, format: LogFormat::Alb }.into();
    let (writer, mut ends) = LogWriter::start(&off, 2).unwrap();
    let log = &mut ends[1];
    log.push(&record());
    assert!(log.batch.is_empty() && !log.wants(true));
    writer.redirect(&config(&path)).unwrap();
    log.push(&record());
    writer.redirect(&off).unwrap();
    log.push(&record());
    assert_eq!(log.batch.lines(), 1, "only what came while it was on");
}

#[test]
fn a_destination_that_cannot_be_opened_is_an_error_and_changes_nothing() {
    let (folder, path) = folder();
    let nowhere = config(&folder.path().join("missing/access.log"));
    assert!(LogWriter::start(&nowhere, 1).is_err());
    let (writer, mut log) = start(&path);
    assert!(writer.redirect(&nowhere).is_err());
    log.push(&record());
    drop(log);
    assert!(writer.stop());
    assert_eq!(types(&path), ["http"]);
}

#[test]
fn batches_come_back_with_their_room() {
    let (_folder, path) = folder();
    let (writer, mut log) = start(&path);
    for _ in 0..2 * ACCESS_LOG_BATCHES_MAX {
        log.push(&record());
        log.flush();
        writer.sync();
    }
    assert!(log.emptied.try_recv().is_ok(), "the last one is back");
}
