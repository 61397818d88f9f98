//! `clingfish demo`: the sample applications, Clingfish in front of them, and the story.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clingfish_control::Reloader;
use clingfish_demo::{
    Colour, Lever, LeverFuture, SampleApp, Teller, configuration, controls, instance_name, story,
};
use clingfish_proxy::{Inheritance, Workers};
use tokio::sync::Notify;

use crate::{
    cli,
    node::{Farewell, Node},
    serve,
    upgrade::Estate,
};

/// Instances of the sample application.
const INSTANCES: usize = 2;

/// Tells the story, then serves until interrupted; with `--once` only the story.
pub(crate) fn run(options: &cli::Demo) -> anyhow::Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("clingfish-demo-").tempdir()?;
    serve::runtime()?.block_on(async {
        let (controls, desk) = controls();
        let mut apps = Vec::new();
        for position in 0..INSTANCES {
            apps.push(SampleApp::start(&instance_name(position), controls.clone()).await?);
        }
        let file = ConfigFile::new(folder.path(), options.port, &apps);
        file.write(false).context("cannot write the demo's configuration")?;
        let state =
            cli::State { state_dir: Some(folder.path().join("state")), allow_readable_keys: false };
        let (place, opened) = (cli::Place::default(), Inheritance::default().opened);
        let node = Node::start(&file.path, &place, &state, Estate::default(), opened).await?;
        let (_, front) = node.control().listeners().into_iter().next().context("no listener")?;
        // Between the first check and the last, one instance would get everything.
        node.control().until_ready().await;
        let lever = FileLever { file, reloader: node.reloader() };
        let came_true = tell(front, &mut apps, &lever).await?;
        if !options.once {
            println!("\nOpen http://{front}/ in a browser. Ctrl-C ends the demo.");
            println!("Metrics: http://{}/metrics", node.control().admin_address());
            tokio::select! {
                () = desk.attend(&mut apps, &lever) => {}
                interrupted = tokio::signal::ctrl_c() => interrupted?,
            }
        }
        node.leave(Farewell::Stop, &Notify::new()).await;
        Ok(if came_true { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn tell(
    front: SocketAddr,
    apps: &mut [SampleApp],
    lever: &FileLever,
) -> anyhow::Result<bool> {
    let mut out = io::stdout();
    let colour = Colour::for_output(&out);
    let story = story(front, apps, lever, &mut Teller::new(&mut out, colour)).await?;
    out.flush()?;
    Ok(story.came_true())
}

/// The configuration file of the demo.
#[derive(Debug)]
struct ConfigFile {
    path: PathBuf,
    listener: SocketAddr,
    admin: SocketAddr,
    apps: Vec<SocketAddr>,
}

impl ConfigFile {
    fn new(folder: &Path, port: u16, apps: &[SampleApp]) -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            path: folder.join("clingfish.toml"),
            listener: loopback(port),
            admin: loopback(0),
            apps: apps.iter().map(SampleApp::address).collect(),
        }
    }

    /// Written aside and moved into place, so that nobody reads half of it.
    fn write(&self, sticky: bool) -> io::Result<()> {
        let aside = self.path.with_extension("new");
        std::fs::write(&aside, configuration(self.listener, self.admin, &self.apps, sticky))?;
        std::fs::rename(aside, &self.path)
    }
}

/// Switches stickiness as a person would: edits the file and reloads.
struct FileLever {
    file: ConfigFile,
    reloader: Reloader<Workers>,
}

impl Lever for FileLever {
    fn set_stickiness(&self, on: bool) -> LeverFuture<'_> {
        Box::pin(async move {
            self.file.write(on)?;
            let reloaded = self.reloader.reload().await;
            reloaded.map(|_| ()).map_err(|errors| io::Error::other(errors.join("; ")))
        })
    }
}
