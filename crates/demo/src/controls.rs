//! The buttons of the page, and the desk that does what they say.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::{Lever, SampleApp, limits::ASKS_MAX};

/// What pages may ask for and what they are told. Cheap to clone; every instance holds one.
#[derive(Clone, Debug)]
pub struct Controls {
    asks: mpsc::Sender<Ask>,
    scene: Arc<watch::Sender<Scene>>,
}

/// The owner of the applications' fates: takes the pages' wishes one by one.
#[derive(Debug)]
pub struct Desk {
    asks: mpsc::Receiver<Ask>,
    scene: Arc<watch::Sender<Scene>>,
}

/// A wish of somebody in front of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Stickiness on or off.
    Stickiness(bool),
    /// The instance of that name shall stop, or start anew.
    Run { name: String, on: bool },
}

/// How things stand, as the page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scene {
    /// Whether stickiness is on.
    pub(crate) sticky: bool,
    /// Every instance, and whether it runs.
    pub(crate) instances: Vec<(String, bool)>,
    /// Why the last wish was not granted.
    pub(crate) trouble: Option<String>,
}

/// Makes the buttons and the desk behind them. Nothing is granted until [`Desk::attend`] runs.
pub fn controls() -> (Controls, Desk) {
    let (sender, asks) = mpsc::channel(ASKS_MAX);
    let scene = Arc::new(watch::Sender::new(Scene::default()));
    let controls = Controls { asks: sender, scene: Arc::clone(&scene) };
    (controls, Desk { asks, scene })
}

impl Controls {
    /// Puts a wish on the desk; false when there are too many already.
    pub(crate) fn ask(&self, ask: Ask) -> bool {
        self.asks.try_send(ask).is_ok()
    }

    /// How things stand.
    pub(crate) fn scene(&self) -> Scene {
        self.scene.borrow().clone()
    }

    /// Tells the pages about stickiness.
    pub(crate) fn note_stickiness(&self, on: bool) {
        self.scene.send_modify(|scene| scene.sticky = on);
    }

    /// Tells the pages that an instance runs or does not.
    pub(crate) fn note_instance(&self, name: &str, runs: bool) {
        self.scene.send_modify(|scene| {
            match scene.instances.iter_mut().find(|known| known.0 == name) {
                Some(known) => known.1 = runs,
                None => scene.instances.push((name.to_owned(), runs)),
            }
        });
    }
}

impl Desk {
    /// Grants what the pages ask for, as long as it is polled. Dropping it at any time is safe.
    pub async fn attend(mut self, apps: &mut [SampleApp], lever: &dyn Lever) {
        while let Some(ask) = self.asks.recv().await {
            let trouble = grant(ask, apps, lever).await.err();
            self.scene.send_modify(|scene| scene.trouble = trouble);
        }
    }
}

/// Does one thing, or says why not in a sentence for the page.
async fn grant(ask: Ask, apps: &mut [SampleApp], lever: &dyn Lever) -> Result<(), String> {
    match ask {
        Ask::Stickiness(on) => {
            let switched = lever.set_stickiness(on).await;
            switched.map_err(|error| format!("stickiness stays as it was: {error}"))?;
            if let Some(app) = apps.first() {
                app.controls().note_stickiness(on);
            }
            Ok(())
        }
        Ask::Run { name, on } => {
            let running = apps.iter().filter(|app| app.is_running()).count();
            let app = apps.iter_mut().find(|app| app.name() == name);
            let app = app.ok_or_else(|| format!("there is no {name}"))?;
            if on {
                let started = app.restart().await;
                return started.map_err(|error| format!("{name} does not start: {error}"));
            }
            if running == 1 && app.is_running() {
                return Err(format!("{name} stays: it is the last one, and serves this page"));
            }
            let stopped = app.stop().await;
            stopped.map_err(|error| format!("{name} stopped and lost its port: {error}"))
        }
    }
}
