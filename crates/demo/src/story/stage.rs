//! What every act needs: the applications, the balancer's address, and somebody who tells.

use std::{io, net::SocketAddr};

use crate::{
    Lever, SampleApp, Teller,
    story::{Claim, Story, StoryError},
    teller::Row,
    visitor::{Answer, Visitor},
};

/// The scene of the story.
pub(super) struct Stage<'a, 'b> {
    front: SocketAddr,
    apps: &'a mut [SampleApp],
    lever: &'a dyn Lever,
    teller: &'a mut Teller<'b>,
    claims: Vec<Claim>,
}

impl<'a, 'b> Stage<'a, 'b> {
    pub(super) fn new(
        front: SocketAddr,
        apps: &'a mut [SampleApp],
        lever: &'a dyn Lever,
        teller: &'a mut Teller<'b>,
    ) -> Self {
        Self { front, apps, lever, teller, claims: Vec::new() }
    }

    /// Begins an act: its title, and what it teaches.
    pub(super) fn begin(&mut self, title: &str, lesson: &str) -> io::Result<()> {
        self.teller.title(title)?;
        self.teller.note(lesson)
    }

    /// Somebody new.
    pub(super) fn visitor(&self) -> Visitor {
        Visitor::new(self.front)
    }

    /// The names of all instances.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.apps.iter().map(SampleApp::name);
        names.map(str::to_owned).collect()
    }

    /// Switches stickiness, and tells the pages.
    pub(super) async fn switch(&mut self, on: bool) -> Result<(), StoryError> {
        let switched = self.lever.set_stickiness(on).await;
        switched.map_err(StoryError::Lever)?;
        if let Some(app) = self.apps.first() {
            app.controls().note_stickiness(on);
        }
        Ok(())
    }

    /// Stops the instance of that name.
    pub(super) async fn stop(&mut self, name: &str) -> Result<(), StoryError> {
        let app = self.apps.iter_mut().find(|app| app.name() == name);
        match app {
            Some(app) => app.stop().await.map_err(StoryError::Instance),
            None => Ok(()),
        }
    }

    /// Starts the instance of that name again.
    pub(super) async fn restart(&mut self, name: &str) -> Result<(), StoryError> {
        let app = self.apps.iter_mut().find(|app| app.name() == name);
        match app {
            Some(app) => app.restart().await.map_err(StoryError::Instance),
            None => Ok(()),
        }
    }

    /// Shows one answer, and what it says.
    pub(super) fn show(&mut self, what: &str, answer: &Answer) -> io::Result<()> {
        self.show_as(what, answer, &answer.text)
    }

    /// Shows one answer, and what it means. An error page says its status instead.
    pub(super) fn show_as(&mut self, what: &str, answer: &Answer, text: &str) -> io::Result<()> {
        let failed = format!("status {}", answer.status);
        self.teller.row(&Row {
            what,
            instance: &answer.instance,
            verdict: &answer.verdict,
            text: if answer.is_fine() { text } else { &failed },
        })
    }

    /// Shows answers in order; those that went alike share a line.
    pub(super) fn show_all(&mut self, what: &str, answers: &[Answer]) -> io::Result<()> {
        for alike in answers.chunk_by(|one, next| one == next) {
            let Some(answer) = alike.first() else {
                continue;
            };
            match alike.len() {
                1 => self.show(what, answer)?,
                times => self.show(&format!("{what}  ×{times}"), answer)?,
            }
        }
        Ok(())
    }

    /// Claims something, with whether it was so.
    pub(super) fn claim(&mut self, came_true: bool, text: String) -> io::Result<()> {
        self.teller.claim(&text, came_true)?;
        self.claims.push(Claim { text, came_true });
        Ok(())
    }

    /// Adds up.
    pub(super) fn end(self) -> Result<Story, StoryError> {
        let all = self.claims.len();
        let came_true = self.claims.iter().filter(|claim| claim.came_true).count();
        self.teller.title(&format!("{came_true} of {all} came true"))?;
        Ok(Story { claims: self.claims })
    }
}
