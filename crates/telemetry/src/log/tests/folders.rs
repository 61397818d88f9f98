//! Logs of single load balancers.

use clingfish_model::{Name, listener::BalancerLog};

use super::*;

/// A plan with a log of the load balancer `name` in `bucket`, and one of the process at `path`.
fn plan(path: Option<&Path>, bucket: &Path, name: &str) -> LogPlan {
    let sink = path.map_or(LogSink::Off, |path| LogSink::File(path.to_owned()));
    LogPlan {
        log: desired::AccessLog { sink, format: LogFormat::Json },
        owner: Owner::new("123456789012", "eu-central-1").unwrap(),
        balancers: vec![BalancerPlan {
            id: ResourceId::derive("app", name),
            name: Name::new(name).unwrap(),
            node: "10.0.0.7".parse().unwrap(),
            log: BalancerLog::new(bucket, "web").unwrap(),
        }],
    }
}

/// A request to the load balancer `name` that ended so many seconds after 2026-11-20T10:26:05Z.
fn push(log: &mut AccessLog, name: &str, seconds: u64) {
    let mut facts = facts();
    facts.load_balancer_id = ResourceId::derive("app", name);
    facts.responded_at.0 += seconds * 1_000_000;
    let texts = Texts { load_balancer: name.as_bytes(), ..texts() };
    log.push(&Record { facts: &facts, texts, ..record() });
}

/// The log files below, by their paths from there, with their lines.
fn files(bucket: &Path) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut folders = vec![bucket.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                let name = path.strip_prefix(bucket).unwrap().display().to_string();
                let text = fs::read_to_string(&path).unwrap();
                found.push((name, text.lines().map(str::to_owned).collect()));
            }
        }
    }
    found.sort();
    found
}

const ROOT: &str = "web/AWSLogs/123456789012/elasticloadbalancing/eu-central-1";

#[test]
fn a_load_balancers_requests_are_in_a_file_that_is_named_as_albs() {
    let (folder, path) = folder();
    let bucket = folder.path().join("made/bucket");
    let plan = plan(Some(&path), &bucket, "shop");
    let (writer, mut ends) = LogWriter::start(&plan, 1).unwrap();
    let test = bucket.join("web/AWSLogs/123456789012/ELBAccessLogTestFile");
    assert_eq!(fs::read_to_string(test).unwrap(), "Enable AccessLog for ELB: shop\n");
    assert_eq!(files(&bucket), [], "no requests, no file");
    push(&mut ends[0], "shop", 0);
    push(&mut ends[0], "other", 0);
    push(&mut ends[0], "shop", 1);
    drop(ends);
    writer.sync();
    let files = files(&bucket);
    let [(name, lines)] = &*files else { panic!("{files:?}") };
    let id = ResourceId::derive("app", "shop");
    let stem = format!(
        "{ROOT}/2026/11/20/123456789012_elasticloadbalancing_eu-central-1_app.shop.{id}_20261120T1030Z_10.0.0.7_"
    );
    let random = name.strip_prefix(&stem).and_then(|rest| rest.strip_suffix(".log"));
    assert!(random.is_some_and(|random| random.len() == 8), "{name}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        let fields = alb_fields(line);
        assert_eq!(fields.len(), alb::FIELDS, "{line}");
        assert_eq!(fields[2], format!("app/shop/{id}"));
        assert!(fields[16].starts_with("arn:aws:elasticloadbalancing:eu-central-1:123456789012:"));
    }
    assert_eq!(super::lines(&path).len(), 3, "the log of the process has all");
    assert_eq!(writer.counts(), LogCounts { written: 5, lost: 0 });
}

#[test]
fn every_five_minutes_begin_a_file_and_late_lines_stay_where_they_are() {
    let (folder, _) = folder();
    let (writer, mut ends) = LogWriter::start(&plan(None, folder.path(), "shop"), 1).unwrap();
    // 10:26:05, 10:29:59, 10:30:00, then one that was late, and the next day.
    for seconds in [0, 234, 235, 234, 86_400] {
        push(&mut ends[0], "shop", seconds);
    }
    drop(ends);
    assert!(writer.stop());
    let found = files(folder.path());
    let found: Vec<_> = found
        .iter()
        .map(|(name, lines)| {
            (name.strip_prefix(ROOT).unwrap(), name.split('_').nth(4).unwrap(), lines.len())
        })
        .map(|(name, end, lines)| (&name[..12], end, lines))
        .collect();
    let expected = [
        ("/2026/11/20/", "20261120T1030Z", 2),
        ("/2026/11/20/", "20261120T1035Z", 2),
        ("/2026/11/21/", "20261121T1030Z", 1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn where_only_load_balancers_have_logs_nobody_gathers_other_records() {
    let (folder, _) = folder();
    let (writer, mut ends) = LogWriter::start(&plan(None, folder.path(), "shop"), 1).unwrap();
    assert!(ends[0].wants(true) && !ends[0].wants(false));
    push(&mut ends[0], "shop", 0);
    ends[0].flush();
    writer.sync();
    assert_eq!(files(folder.path()).len(), 1);
    let off = desired::AccessLog { sink: LogSink::Off, format: LogFormat::Json };
    writer.redirect(&off.into()).unwrap();
    assert!(!ends[0].wants(true));
}

#[test]
fn a_folder_that_cannot_be_written_any_more_costs_its_own_lines_only() {
    let (folder, path) = folder();
    let bucket = folder.path().join("bucket");
    let (writer, mut ends) = LogWriter::start(&plan(Some(&path), &bucket, "shop"), 1).unwrap();
    let root = bucket.join(ROOT);
    fs::remove_dir(&root).unwrap();
    fs::write(&root, "in the way").unwrap();
    let mut visit = || {
        push(&mut ends[0], "shop", 0);
        ends[0].flush();
        writer.sync();
    };
    visit();
    assert_eq!(writer.counts(), LogCounts { written: 1, lost: 1 });
    fs::remove_file(&root).unwrap();
    visit();
    assert_eq!(writer.counts(), LogCounts { written: 3, lost: 1 });
    assert_eq!(files(&bucket).len(), 1);
    assert_eq!(types(&path), ["http", "http"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_changes_nothing() {
    let (folder, path) = folder();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let nowhere = plan(Some(Path::new("/dev/null")), &in_the_way, "shop");
    assert!(LogWriter::start(&nowhere, 1).is_err());
    let (writer, mut log) = start(&path);
    let error = writer.redirect(&nowhere).unwrap_err().to_string();
    let told = "load_balancers.shop.access_log: cannot write to ";
    assert!(error.starts_with(told) && error.contains(in_the_way.to_str().unwrap()), "{error}");
    log.push(&record());
    drop(log);
    assert!(writer.stop());
    assert_eq!(types(&path), ["http"]);
}

#[test]
fn files_that_were_moved_away_are_left_alone_after_reopening() {
    let (folder, _) = folder();
    let (writer, mut ends) = LogWriter::start(&plan(None, folder.path(), "shop"), 1).unwrap();
    for _ in 0..2 {
        push(&mut ends[0], "shop", 0);
        ends[0].flush();
        writer.sync();
        writer.reopen();
        writer.sync();
    }
    assert_eq!(files(folder.path()).len(), 2);
}
