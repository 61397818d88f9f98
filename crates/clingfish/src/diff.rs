//! `clingfish diff`.

use std::process::ExitCode;

use crate::{
    admin_client::{AdminClient, print_json, text_of},
    cli::{self, Output},
};

pub(crate) fn run(options: &cli::Diff) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/diff?from={}&to={}", options.from, options.to);
    let answer = AdminClient::new(&options.admin.admin, &options.admin.api)?.get(&path)?;
    match options.admin.api.output {
        Output::Json => print_json(&answer),
        Output::Table => print!("{}", text_of(&answer, "diff")),
    }
    Ok(ExitCode::SUCCESS)
}
