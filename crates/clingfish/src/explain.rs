//! `clingfish explain`.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, ensure};
use clingfish_control::{
    Configuration,
    explain::{self, Question},
};

use crate::{cli, keys};

pub(crate) fn run(options: &cli::Explain) -> anyhow::Result<ExitCode> {
    let zone = options.place.availability_zone.as_ref();
    let state = Configuration::read_in(zone, &options.config)?.desired;
    let is_request =
        options.url.is_some() || options.method.is_some() || !options.header.is_empty();
    if options.token.is_none() && !is_request {
        print!("{}", explain::configuration(&state));
        return Ok(ExitCode::SUCCESS);
    }
    let ring = keys::ring(&options.state).load().context("a token is opened with the key ring")?;
    let now = explain::now();
    if let Some(token) = &options.token {
        print!("{}", explain::token(token, &state, &ring, now));
        return Ok(ExitCode::SUCCESS);
    }
    let url = Url::parse(options.url.as_deref().unwrap_or("/"))?;
    let question = Question {
        listener: options.listener.as_deref(),
        head: &head(options, &url)?,
        client: options.client,
        https: url.https,
    };
    print!("{}", explain::request(&state, &Arc::new(ring), &question, now)?);
    Ok(ExitCode::SUCCESS)
}

/// The parts of an address that a request head has.
struct Url<'a> {
    https: bool,
    host: &'a str,
    path: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> anyhow::Result<Self> {
        if text.starts_with('/') {
            return Ok(Self { https: false, host: "localhost", path: text });
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("", ""));
        ensure!(
            matches!(scheme, "http" | "https"),
            "--url {text:?} is no address: write http://shop.example/cart, or /cart"
        );
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(path);
        Ok(Self { https: scheme == "https", host, path: if path.is_empty() { "/" } else { path } })
    }
}

fn head(options: &cli::Explain, url: &Url<'_>) -> anyhow::Result<Vec<u8>> {
    let method = options.method.as_deref().unwrap_or("GET");
    let mut head = format!("{method} {} HTTP/1.1\r\n", url.path);
    let is_host = |line: &String| line.to_ascii_lowercase().starts_with("host:");
    if !options.header.iter().any(is_host) {
        head.push_str(&format!("Host: {}\r\n", url.host));
    }
    for line in &options.header {
        ensure!(
            line.contains(':') && !line.contains(['\r', '\n']),
            "--header {line:?} is no field: write 'Cookie: a=b'"
        );
        head.push_str(line);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    Ok(head.into_bytes())
}
