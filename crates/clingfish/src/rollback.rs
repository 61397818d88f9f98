//! `clingfish rollback`.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    admin_client::{AdminClient, print_json},
    cli::{self, Output},
    table::cell,
};

pub(crate) fn run(options: &cli::Rollback) -> anyhow::Result<ExitCode> {
    let body = json!({ "revision": options.revision });
    let client = AdminClient::new(&options.admin.admin, &options.admin.api)?;
    let made = client.send("POST", "/v1/rollback", Some(&body))?;
    if options.admin.api.output == Output::Json {
        print_json(&made);
    } else if made.get("changed").and_then(Value::as_bool) == Some(false) {
        println!("nothing to do: what is in force says the same as revision {}", options.revision);
    } else {
        let now = cell(made.get("revision"));
        println!(
            "revision {now} is in force, with the configuration of revision {}",
            options.revision
        );
    }
    Ok(ExitCode::SUCCESS)
}
