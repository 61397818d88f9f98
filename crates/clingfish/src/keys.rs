//! `clingfish keys`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clingfish_affinity::rfc3339;
use clingfish_config::parse_duration;
use clingfish_control::{KeyFile, KeyRow, StateDir};

use crate::cli::{self, KeysAction};

pub(crate) fn run(options: &cli::Keys) -> anyhow::Result<ExitCode> {
    match &options.action {
        KeysAction::List { state } => {
            let keys = ring(state).list()?;
            println!(
                "{:<6}  {:<8}  {:<9}  {:<24}  {:<24}  RETIRES",
                "KEY", "CHECK", "STATE", "CREATED", "SEALS FROM"
            );
            for key in &keys {
                println!("{}", line(key));
            }
        }
        KeysAction::Rotate { state, delay } => {
            let span =
                parse_duration(delay).context("--delay is not a duration: write 0s, 90s or 5m")?;
            let file = ring(state);
            let id = file.rotate(span)?;
            let when = if span.is_zero() { "too".to_owned() } else { format!("in {delay}") };
            println!("key {id} opens cookies from now on, and seals them {when}");
            println!("written to {}", file.path().display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder that the options mean.
pub(crate) fn folder(state: &cli::State) -> PathBuf {
    let given = state.state_dir.clone();
    given.unwrap_or_else(|| StateDir::default_path(|name| std::env::var_os(name)))
}

/// The key ring file in it. It is looked for, never made: only serving needs a ring where there is none.
pub(crate) fn ring(state: &cli::State) -> KeyFile {
    KeyFile::new(StateDir::at(folder(state)).keys(), state.allow_readable_keys)
}

fn line(key: &KeyRow) -> String {
    let check: String = key.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{:<6}  {check:<8}  {:<9}  {:<24}  {:<24}  {}",
        key.id.to_string(),
        key.state.as_str(),
        rfc3339(key.created),
        rfc3339(key.seals_from),
        key.retires_at.map_or_else(|| "-".to_owned(), rfc3339),
    )
}
