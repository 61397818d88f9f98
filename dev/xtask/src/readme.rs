//! Runs the commands that the README tells people to type.

use std::{env, fs, path::Path, process, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    COMMANDS,
    commands::{program, run, run_within},
    workspace,
};

/// The demo's story takes seconds; a minute more means that it hangs.
const DEMO: &str = "cargo run --release -- demo";
const DEMO_LIMIT: Duration = Duration::from_secs(90);

/// Checks every command in the README's `sh` blocks: the demo runs, our binary's commands exist, so do xtask's. The
/// configuration that it shows first is valid.
pub(crate) fn check(binary: &Path) -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("README.md")).context("README.md")?;
    let lines = commands(&text);
    ensure!(lines.iter().any(|line| line.starts_with(DEMO)), "the README does not show `{DEMO}`");
    let smallest = first_toml(&text).context("the README shows no configuration")?;
    validate(&smallest, binary)?;
    lines.iter().try_for_each(|line| check_line(line, binary))
}

fn check_line(line: &str, binary: &Path) -> Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "run", "--release", "--", "demo", ..] => {
            let once = words.iter().skip(1).filter(|word| **word != "--once");
            let args = once.copied().chain(["--once"]);
            run_within(&mut crate::commands::cargo(args), DEMO_LIMIT)
        }
        ["cargo", "xtask", command, ..] => {
            ensure!(COMMANDS.contains(command), "there is no `{line}`");
            Ok(())
        }
        ["clingfish", command, ..] => {
            let binary = binary.to_string_lossy();
            run(&mut program(&binary, [*command, "--help"]))
        }
        ["cargo", ..] => bail!("`{line}` is shown, and nothing tests it"),
        _ => Ok(()),
    }
}

fn validate(configuration: &str, binary: &Path) -> Result<()> {
    let file = env::temp_dir().join(format!("clingfish-readme-{}.toml", process::id()));
    fs::write(&file, configuration).with_context(|| file.display().to_string())?;
    let args = ["validate", "--config", &file.to_string_lossy()];
    let checked = run(&mut program(&binary.to_string_lossy(), args));
    fs::remove_file(&file)?;
    checked.context("the README's configuration")
}

/// The text of the first `toml` block.
fn first_toml(markdown: &str) -> Option<String> {
    let mut lines = markdown.lines().skip_while(|line| line.trim_end() != "```toml");
    lines.next()?;
    Some(
        lines.take_while(|line| !line.starts_with("```")).map(|line| format!("{line}\n")).collect(),
    )
}

/// The lines of all `sh` and `console` blocks, without prompts.
fn commands(markdown: &str) -> Vec<&str> {
    let mut in_block = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        if let Some(language) = line.strip_prefix("```") {
            in_block = !in_block && ["sh", "console"].contains(&language.trim());
        } else if in_block {
            found.push(line.strip_prefix("$ ").unwrap_or(line).trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shell_blocks_hold_commands() {
        let text = "```toml\ncargo = 1\n```\n```sh\n$ cargo xtask test\nclingfish serve\n```\nls\n";
        assert_eq!(commands(text), ["cargo xtask test", "clingfish serve"]);
    }

    #[test]
    fn the_first_configuration_is_whole() {
        for (text, expected) in [
            (
                "```sh\nx\n```\n```toml\na = 1\n\n[b]\n```\n```toml\nc = 1\n```\n",
                Some("a = 1\n\n[b]\n"),
            ),
            ("```sh\ntoml\n```\n", None),
        ] {
            assert_eq!(first_toml(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_configuration_that_is_refused_is_an_error() {
        for (binary, is_good) in [("/bin/true", true), ("/bin/false", false)] {
            assert_eq!(validate("", Path::new(binary)).is_ok(), is_good, "{binary}");
        }
    }

    #[test]
    fn a_command_that_is_not_there_is_an_error() {
        let binary = Path::new("/bin/false");
        for (line, is_good) in [
            ("cargo xtask test", true),
            ("cargo xtask frobnicate", false),
            ("cargo build --release", false),
            ("clingfish serve", false),
            ("curl -i http://127.0.0.1:8080/", true),
        ] {
            assert_eq!(check_line(line, binary).is_ok(), is_good, "{line}");
        }
    }
}
