//! `clingfish token`: a new token for the native API.

use std::process::ExitCode;

use anyhow::Context;
use clingfish_control::FreshToken;

use crate::cli;

/// Shows a new token, and what the configuration file needs of it. Nothing is kept.
pub(crate) fn run(options: &cli::Token) -> anyhow::Result<ExitCode> {
    let token = FreshToken::draw().context("cannot draw a token")?;
    let role = if options.read_only { ", role = \"read_only\"" } else { "" };
    println!("{}", token.text.expose());
    println!("{{ name = \"{}\", sha256 = \"{}\"{role} }}", options.name, token.sha256);
    eprintln!(
        "\nThe first line is the token, for Authorization: Bearer; it is not shown again.\n\
         The second goes into tokens in [admin]: the file has its hash only."
    );
    Ok(ExitCode::SUCCESS)
}
