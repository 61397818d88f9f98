//! What becomes of clients while a target is absent, which the operator sees to.

use std::time::Duration;

use tokio::time::sleep;

use super::{Audience, ground::Ground};
use crate::{
    client::CheckError,
    clock,
    judge::{self, Course, Seen},
    promise::{Judgement, Outcome},
    visitor::Visitor,
};

/// Clients that are at home before.
const CLIENTS: usize = 8;

/// How often each of them comes while the target is absent.
const VISITS: usize = 4;

/// How long between tries while the balancer takes notice.
const PAUSE: Duration = Duration::from_millis(200);

impl Ground<'_> {
    pub(super) async fn target_absent(
        &mut self,
        audience: &mut dyn Audience,
    ) -> Result<Judgement, CheckError> {
        let (mut visitors, mut courses) = (Vec::new(), Vec::new());
        for place in 0..CLIENTS {
            let mut visitor = Visitor::new(self.client, place);
            visitor.log_in(&self.options.login).await?;
            let first = visitor.visit_anew().await?;
            courses.push(self.course(&first, &[]));
            visitors.push(visitor);
        }
        audience.please("Stop one target now, then press Enter.").await;
        let deadline = clock::now() + self.options.load.grace;
        let mut failed = 0;
        // Each client is patient once; afterwards the balancer is taken to know.
        for (visitor, course) in visitors.iter_mut().zip(&mut courses) {
            loop {
                let seen = self.see(&visitor.visit_anew().await?);
                if matches!(seen, Seen::Target(_)) || clock::now() >= deadline {
                    course.later.push(seen);
                    break;
                }
                failed += 1;
                sleep(PAUSE).await;
            }
        }
        for (visitor, course) in visitors.iter_mut().zip(&mut courses) {
            for _ in 1..VISITS {
                course.later.push(self.see(&visitor.visit_anew().await?));
            }
        }
        let judgement = judge::absence(&courses, failed);
        if judgement.outcome == Outcome::CouldNotTell {
            return Ok(judgement);
        }
        audience.please("Start it again, then press Enter.").await;
        let mut back: Vec<Course> = Vec::new();
        for (visitor, course) in visitors.iter_mut().zip(&courses) {
            let seen = self.see(&visitor.visit_anew().await?);
            back.push(Course { home: course.home.clone(), later: vec![seen] });
        }
        let at_home =
            back.iter().filter(|course| course.later.last() == Some(&course.home)).count();
        Ok(judgement.and(format!(
            "after its return {at_home} of {CLIENTS} clients were at their first home"
        )))
    }
}
