//! Changes a configuration file as the control plane does, and nothing else, so that tests can make each of its system calls fail.
//!
//! - `save change FILE STATE TEXT` exits with 0 for changed, 1 for not changed, 2 for changed but perhaps not durably.
//! - `save start FILE STATE` does what a start does, and says what the last event came to.

use std::{path::Path, process::ExitCode};

use clingfish_control::{
    history::{Event, History, Outcome},
    store::Store,
};
use clingfish_model::UnixMillis;

const AT: UnixMillis = UnixMillis(0);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // Where the interesting part of a trace begins.
    let _ = Path::new("/save-begins-here").exists();
    let done = match args.as_slice() {
        ["change", file, state, text] => change(file, state, text.as_bytes()),
        ["start", file, state] => start(file, state).map(|()| ExitCode::SUCCESS),
        _ => Err("save change FILE STATE TEXT, or save start FILE STATE".into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(1)
    })
}

type Outcomes<T> = Result<T, Box<dyn std::error::Error>>;

fn change(file: &str, state: &str, text: &[u8]) -> Outcomes<ExitCode> {
    let store = Store::open(file);
    let mut history = History::open(Path::new(state))?;
    let (base, _) = store.read()?;
    let prepared = store.prepare(&base, text)?;
    let event = Event::new(history.last_revision() + 1, AT, "test", "change");
    let begun = history.begin(event.changing(&base, text), text)?;
    let committed = prepared.commit();
    let (code, outcome) = match &committed {
        Ok(()) => (0, Outcome::Applied),
        Err(error) if error.has_changed() => (2, Outcome::Applied),
        Err(error) => (1, Outcome::refused(&error.to_string())),
    };
    if let Err(error) = history.end(begun, outcome, AT) {
        eprintln!("{error}");
    }
    if let Err(error) = committed {
        eprintln!("{error}");
    }
    Ok(ExitCode::from(code))
}

fn start(file: &str, state: &str) -> Outcomes<()> {
    let store = Store::open(file);
    let mut history = History::open(Path::new(state))?;
    history.settle(&store.read()?.0, AT)?;
    let last = history.events(None, 1);
    println!("{}", last.first().map_or("none", |entry| entry.outcome.as_str()));
    Ok(())
}
