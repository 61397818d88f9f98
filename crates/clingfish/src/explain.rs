//! `clingfish explain`.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Context;
use clingfish_control::{
    Configuration,
    explain::{self, Asking, Question, Story},
};
use serde_json::{Map, Value};

use crate::{
    admin_client::{AdminClient, print_json, text_of},
    cli::{self, Output},
    keys,
};

pub(crate) fn run(options: &cli::Explain) -> anyhow::Result<ExitCode> {
    match (&options.admin, &options.config) {
        (Some(admin), _) => by_process(options, admin)?,
        (None, Some(config)) => by_file(options, config)?,
        (None, None) => anyhow::bail!("name a file with --config, or a process with --admin"),
    }
    Ok(ExitCode::SUCCESS)
}

fn by_file(options: &cli::Explain, config: &Path) -> anyhow::Result<()> {
    let zone = options.place.availability_zone.as_ref();
    let state = Configuration::read_in(zone, config)?.desired;
    if options.token.is_none() && !is_request(options) {
        print!("{}", explain::configuration(&state));
        return Ok(());
    }
    let ring = keys::ring(&options.state).load().context("a token is opened with the key ring")?;
    let now = explain::now();
    let story: Story = if let Some(token) = &options.token {
        explain::token(token, &state, &ring, now)
    } else {
        let url = options.url.as_deref().unwrap_or("/");
        let asking = Asking { url, method: options.method.as_deref(), headers: &options.header };
        let (head, https) = asking.head()?;
        let listener = options.listener.as_deref();
        let question =
            Question { listener, head: &head, client: options.client, https, known: None };
        explain::request(&state, &Arc::new(ring), &question, now)?
    };
    print!("{story}");
    Ok(())
}

/// The same of a running process.
fn by_process(options: &cli::Explain, admin: &str) -> anyhow::Result<()> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        body.extend(value.map(|value| (key.to_owned(), value)));
    };
    if let Some(token) = &options.token {
        put("token", Some(token.as_str().into()));
    } else if is_request(options) {
        put("url", Some(options.url.as_deref().unwrap_or("/").into()));
        put("method", options.method.as_deref().map(Value::from));
        put("headers", Some(options.header.clone().into()));
        put("client", Some(options.client.to_string().into()));
        put("listener", options.listener.as_deref().map(Value::from));
    }
    let told =
        AdminClient::new(admin, &options.api)?.send("POST", "/v1/explain", Some(&body.into()))?;
    match options.api.output {
        Output::Json => print_json(&told),
        Output::Table => print!("{}", text_of(&told, "text")),
    }
    Ok(())
}

fn is_request(options: &cli::Explain) -> bool {
    options.url.is_some() || options.method.is_some() || !options.header.is_empty()
}
