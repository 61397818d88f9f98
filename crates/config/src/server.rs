//! `[server]` and `[access_log]`.

use std::{path::Path, time::Duration};

use clingfish_model::desired::{AccessLog, LogFormat, LogSink, Server};

use crate::{keys, nearest::nearest, report::Report, section::Section, value::Value};

pub(crate) fn read_server(root: &Section<'_>, report: &mut Report<'_>) -> Server {
    let default = Server::default();
    let Some(section) = child(root, "server", &keys::SERVER, report) else {
        return default;
    };
    let workers = section.integer("workers", 1..=Server::WORKERS_MAX as u64, report);
    let pauses = Duration::ZERO..=Server::SHUTDOWN_MAX;
    Server {
        workers: workers.and_then(|workers| usize::try_from(workers).ok()),
        connections_max: section
            .integer("connections_max", Server::CONNECTIONS, report)
            .unwrap_or(default.connections_max),
        shutdown_pause: section.duration(
            "shutdown_pause",
            pauses.clone(),
            default.shutdown_pause,
            report,
        ),
        shutdown_deadline: section.duration(
            "shutdown_deadline",
            pauses.clone(),
            default.shutdown_deadline,
            report,
        ),
        availability_zone: section.value("availability_zone").and_then(|value| value.name(report)),
        upgrade_timeout: section.duration(
            "upgrade_timeout",
            Server::UPGRADE_TIMEOUT,
            default.upgrade_timeout,
            report,
        ),
        upgrade_deadline: section.duration(
            "upgrade_deadline",
            pauses,
            default.upgrade_deadline,
            report,
        ),
    }
}

pub(crate) fn read_access_log(root: &Section<'_>, report: &mut Report<'_>) -> AccessLog {
    let default = AccessLog::default();
    let Some(section) = child(root, "access_log", &keys::ACCESS_LOG, report) else {
        return default;
    };
    let sink = section.value("sink").and_then(|value| read_sink(value, report));
    let formats = [("json", LogFormat::Json), ("alb", LogFormat::Alb)];
    AccessLog {
        sink: sink.unwrap_or(default.sink),
        format: section.word("format", &formats, default.format, report),
    }
}

fn read_sink(value: &Value<'_>, report: &mut Report<'_>) -> Option<LogSink> {
    const WORDS: [&str; 3] = ["auto", "off", "stdout"];
    let text = value.text(report)?;
    match text {
        "auto" => Some(LogSink::Auto),
        "off" => Some(LogSink::Off),
        "stdout" => Some(LogSink::Stdout),
        _ if Path::new(text).is_absolute() && !text.contains('\0') => {
            Some(LogSink::File(text.into()))
        }
        _ => {
            let message = format!("sink = {text:?} is neither a word nor an absolute path");
            let help = match nearest(text, WORDS) {
                Some(word) => format!("did you mean {word:?}?"),
                None => "write \"auto\", \"off\", \"stdout\" or a path that starts with /".into(),
            };
            value.refuse(report, message, help);
            None
        }
    }
}

fn child<'t>(
    root: &Section<'t>,
    name: &str,
    schema: &'static keys::Schema,
    report: &mut Report<'_>,
) -> Option<Section<'t>> {
    let value = root.value(name)?;
    Section::read(value, format!("[{name}]"), schema, report)
}
