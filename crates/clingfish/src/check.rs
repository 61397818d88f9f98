//! `clingfish check`: the self-test of stickiness.

use std::{
    future::Future,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    pin::Pin,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clingfish_check::{
    Allowed, Audience, Load, Options, Promise, Report, Step, Trust, Url, Who, options::parse_field,
};

use crate::{
    cli::check::{Check, Output},
    serve,
};

/// Nothing could be checked.
const COULD_NOT_RUN: u8 = 2;

/// Where systems keep the authorities that they trust.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Runs the check and writes its report: 0 where all is well, 1 where something is broken, 2 where it could not run.
pub(crate) fn run(asked: &Check) -> ExitCode {
    match checked(asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("clingfish: {error:#}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn checked(asked: &Check) -> anyhow::Result<bool> {
    let options = options(asked)?;
    let mut allowed = Allowed::default();
    for word in &asked.allow {
        allowed.allow(word).map_err(anyhow::Error::msg).context("--allow")?;
    }
    let mut audience = Operator { is_quiet: asked.quiet };
    let checking = clingfish_check::run(&options, &mut audience);
    let report = serve::runtime()?.block_on(checking)?;
    write(&report, &allowed, asked.output)?;
    Ok(report.passes(&allowed))
}

fn write(report: &Report, allowed: &Allowed, output: Output) -> io::Result<()> {
    let mut out = io::stdout();
    match output {
        Output::Table => {
            let is_coloured = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            write!(out, "{}", report.to_table(is_coloured))
        }
        Output::Json => writeln!(out, "{:#}", report.to_json()),
        Output::Junit => write!(out, "{}", report.to_junit(allowed)),
    }
}

fn options(asked: &Check) -> anyhow::Result<Options> {
    let url = Url::parse(&asked.url).with_context(|| format!("{:?} is no URL", asked.url))?;
    let is_asked = |promise: &Promise| {
        (asked.only.is_empty() || asked.only.contains(promise)) && !asked.skip.contains(promise)
    };
    let load = &asked.load;
    if load.rate == 0 || load.requests == 0 || load.parallel < 2 {
        bail!("--rate and --requests are at least 1, --parallel at least 2");
    }
    Ok(Options {
        who: asked.who.as_deref().map(Who::parse).transpose().context("--who")?,
        fields: asked.header.iter().map(|text| parse_field(text)).collect::<Result<_, _>>()?,
        login: asked.login.iter().map(|text| Step::parse(text)).collect::<Result<_, _>>()?,
        websocket: asked.websocket.clone(),
        socket_io: asked.socket_io.clone(),
        origin: asked.origin.clone(),
        from: asked.from.clone(),
        while_down: asked.while_down,
        promises: Promise::ALL.iter().copied().filter(is_asked).collect(),
        trust: if url.https { trust(&asked.trust)? } else { Trust::Anybody },
        load: Load {
            fresh_clients: load.requests,
            requests_max: load.requests_max,
            rate: load.rate,
            parallel: load.parallel,
            expiry_max: Duration::from_secs(load.expiry_max),
            grace: Duration::from_secs(load.grace),
        },
        ..Options::new(url)
    })
}

fn trust(asked: &crate::cli::check::Trust) -> anyhow::Result<Trust> {
    if asked.insecure {
        return Ok(Trust::Anybody);
    }
    let systems = || BUNDLES.iter().map(PathBuf::from).find(|path| path.exists());
    let path =
        asked.ca.clone().or_else(systems).context(
            "this system has no list of authorities: name one with --ca, or say --insecure",
        )?;
    let name = path.display().to_string();
    let pem = std::fs::read(&path).with_context(|| format!("cannot read {name}"))?;
    Ok(Trust::Authorities { name, pem })
}

/// Whoever sits at the terminal.
struct Operator {
    is_quiet: bool,
}

impl Audience for Operator {
    fn hear(&mut self, line: &str) {
        if !self.is_quiet {
            eprintln!("… {line}");
        }
    }

    fn please<'a>(&'a mut self, request: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        eprintln!(">>> {request}");
        Box::pin(async {
            let wait = || {
                // At the end of input it goes on as well.
                let _ = io::stdin().read_line(&mut String::new());
            };
            // Nothing else needs this thread's time meanwhile but the wait itself.
            let _ = tokio::task::spawn_blocking(wait).await;
        })
    }
}
