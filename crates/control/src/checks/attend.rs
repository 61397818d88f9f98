//! Follows a self-test until it ends, or has to.

use std::sync::Arc;

use clingfish_model::limits::CHECK_DEADLINE;
use serde_json::Value;
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::spawn_blocking,
    time::timeout,
};

use super::{Checking, Run, State, aim};
use crate::{
    clock,
    status::{Enforced, Phase, Status},
};

/// What says that a self-test has to end.
struct Ends {
    /// Somebody cancels it, or all of control goes.
    stopped: oneshot::Receiver<()>,
    phase: watch::Receiver<Phase>,
    in_force: watch::Receiver<Option<Enforced>>,
}

/// Lets it run on a thread of its own: it compares pages, and the control thread has targets to check meanwhile.
///
/// Nobody can abort that thread, so the sender of `stopped` is its owner: it ends when that is dropped.
pub(super) fn attend(
    run: Arc<Run>,
    checking: Checking,
    stopped: oneshot::Receiver<()>,
    status: &Status,
) {
    let (id, who, url) = (run.id, &run.who, run.plan.url());
    tracing::info!(id, %who, listener = %run.plan.listener, url, "a self-test begins");
    let ends = Ends { stopped, phase: status.follow_phase(), in_force: status.follow() };
    let runtime = Handle::current();
    spawn_blocking(move || {
        // However it ends, also by a fault in the checker.
        let ending = Ending(Arc::clone(&run));
        runtime.block_on(follow(&run, checking, ends));
        drop(ending);
    });
}

async fn follow(run: &Run, checking: Checking, ends: Ends) {
    let Ends { stopped, mut phase, mut in_force } = ends;
    let leaving = async {
        let _ = phase.wait_for(|phase| is_leaving(*phase)).await;
    };
    let gone = async {
        let is_there =
            |now: &Option<Enforced>| now.as_ref().is_some_and(|now| aim::is_there(&run.plan, now));
        let _ = in_force.wait_for(|now| !is_there(now)).await;
    };
    tokio::select! {
        biased;
        _ = stopped => cancel(run, "the process is on its way out"),
        () = leaving => cancel(run, "the process is on its way out"),
        () = gone => cancel(run, "the listener is no longer there"),
        outcome = in_time(checking) => run.finish(outcome, clock::wall()),
    }
}

async fn in_time(checking: Checking) -> Result<Value, String> {
    let late = |_| {
        let seconds = CHECK_DEADLINE.as_secs();
        Err(format!("it took longer than {seconds} s: the application answers too slowly"))
    };
    timeout(CHECK_DEADLINE, checking).await.unwrap_or_else(late)
}

/// Who has cancelled it may have said so already.
fn cancel(run: &Run, why: &str) {
    run.end(State::Cancelled, Err(why.to_owned()), clock::wall());
}

pub(super) fn is_leaving(phase: Phase) -> bool {
    matches!(phase, Phase::Leaving | Phase::Succeeded)
}

/// Sees to it that no self-test runs for ever in the list.
struct Ending(Arc<Run>);

impl Drop for Ending {
    fn drop(&mut self) {
        let fault = "the self-test itself has a fault: please report it";
        self.0.end(State::Failed, Err(fault.to_owned()), clock::wall());
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use clingfish_model::UnixMillis;
    use serde_json::json;

    use super::*;
    use crate::checks::CheckPlan;

    fn run() -> Run {
        let plan = CheckPlan {
            listener: clingfish_model::Name::new("web").unwrap(),
            address: "127.0.0.1:80".parse().unwrap(),
            is_tls: false,
            host: None,
            path: "/".to_owned(),
            identify: None,
            websocket: None,
            requests: None,
            skip: Vec::new(),
        };
        Run::new(1, plan, "loopback".into(), UnixMillis(0))
    }

    /// Ends that do not come while the senders live. Nothing is in force, which `gone` would take for a listener that is gone.
    fn ends() -> (Ends, oneshot::Sender<()>, watch::Sender<Phase>, watch::Sender<Option<Enforced>>)
    {
        let (stop, stopped) = oneshot::channel();
        let (phase, in_force) = (watch::Sender::new(Phase::Ready), watch::Sender::new(None));
        let ends = Ends { stopped, phase: phase.subscribe(), in_force: in_force.subscribe() };
        (ends, stop, phase, in_force)
    }

    #[tokio::test]
    async fn whatever_comes_first_ends_it_and_only_that_counts() {
        let (run, (ends, stop, _phase, _in_force)) = (run(), ends());
        drop(stop);
        follow(&run, Box::pin(async { Ok(json!({})) }), ends).await;
        let course = run.course();
        assert_eq!(course.state, State::Cancelled);
        assert!(course.error.unwrap().contains("on its way out"));
        run.finish(Ok(json!({})), UnixMillis(1));
        assert_eq!(run.course().state, State::Cancelled, "it has ended before");

        let (run, (ends, _stop, phase, _in_force)) = (self::run(), self::ends());
        phase.send_replace(Phase::Succeeded);
        follow(&run, Box::pin(pending()), ends).await;
        assert_eq!(run.course().state, State::Cancelled);

        let (run, (ends, _stop, _phase, _in_force)) = (self::run(), self::ends());
        follow(&run, Box::pin(pending()), ends).await;
        assert_eq!(run.course().error.unwrap(), "the listener is no longer there");
    }

    #[tokio::test(start_paused = true)]
    async fn an_application_that_answers_slowly_is_not_waited_for() {
        let before = clock::now();
        let late = in_time(Box::pin(pending())).await.unwrap_err();
        assert!(late.contains("longer than 300 s"), "{late}");
        assert_eq!(clock::now() - before, CHECK_DEADLINE);
    }

    #[test]
    fn a_fault_of_the_checker_is_a_failure() {
        let run = Arc::new(run());
        drop(Ending(Arc::clone(&run)));
        assert_eq!(run.course().state, State::Failed);
    }

    #[test]
    fn what_grows_has_limits() {
        use clingfish_model::limits::{
            CHECK_LINES_MAX, CHECK_REPORT_BYTES_MAX, CHECK_TEXT_BYTES_MAX,
        };
        let run = run();
        for _ in 0..=CHECK_LINES_MAX {
            run.say(&"ä".repeat(CHECK_TEXT_BYTES_MAX));
            run.judge(json!({}));
        }
        let course = run.course();
        assert_eq!((course.lines.len(), course.promises.len()), (CHECK_LINES_MAX, CHECK_LINES_MAX));
        assert!(course.lines.iter().all(|line| line.len() <= CHECK_TEXT_BYTES_MAX));
        run.finish(Ok(json!("x".repeat(CHECK_REPORT_BYTES_MAX))), UnixMillis(1));
        assert_eq!(run.course().state, State::Failed);
    }
}
