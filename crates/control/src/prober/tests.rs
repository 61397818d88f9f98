use std::collections::HashMap;

use clingfish_affinity::{KeyId, KeyRing, Secret};
use clingfish_health::EJECTION_PAUSE;
use clingfish_model::{UnixMillis, limits::CONNECT_FAILURES_MAX};
use clingfish_snapshot::{Inputs, Publisher, compile};

use super::*;
use crate::{Phase, admin::InForce, status::Enforced};

fn snapshot(text: &str) -> Arc<Snapshot> {
    let desired = &clingfish_config::parse(text).unwrap().0;
    let ring = KeyRing::first(Secret::new([7; 32]), KeyId::new(1).unwrap(), UnixMillis(0));
    let (ring, addresses, now) = (&Arc::new(ring), &HashMap::new(), clock::now());
    let tls = &Default::default();
    Arc::new(compile(Inputs { desired, addresses, ring, tls, revision: 1, workers: 1, now }, None))
}

fn put_in_force(text: &str) -> (Arc<Snapshot>, Arc<Status>, Prober) {
    let snapshot = snapshot(text);
    let status = Arc::new(Status::new());
    let mut publisher = Publisher::default();
    publisher.publish(Arc::clone(&snapshot));
    let registry = Arc::new(Registry::new(1));
    let prober = Prober::new(publisher.reader(), Arc::clone(&status), registry, Arc::default());
    let admin =
        InForce::new(&Default::default(), &Default::default(), None, &snapshot.tickets, None);
    status.enforce(Enforced {
        snapshot: Arc::clone(&snapshot),
        desired: Arc::new(clingfish_config::parse(text).unwrap().0),
        desired_since: 1,
        addresses: Vec::new(),
        admin: Arc::new(admin),
        at: UnixMillis(0),
    });
    (snapshot, status, prober)
}

#[tokio::test(start_paused = true)]
async fn an_ejected_target_without_checks_returns_after_its_pause() {
    let (snapshot, status, prober) = put_in_force(
        "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"10.0.0.1:80\", \"10.0.0.2:80\"]\nhealth_check = { enabled = false }\n",
    );
    let group = &snapshot.groups[0];
    let cell = &group.targets[0].cell;
    let prober = tokio::spawn(prober.run());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(status.phase(), Phase::Ready, "without checks there is nothing to wait for");

    for _ in 0..CONNECT_FAILURES_MAX {
        cell.connect_failed(&group.spec.health_check, clock::now());
    }
    group.refresh();
    assert_eq!(group.roster().members, [1]);
    tokio::time::sleep(EJECTION_PAUSE - Duration::from_secs(1)).await;
    assert_eq!(group.roster().members, [1], "still out");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(group.roster().members, [0, 1], "back, and its group knows");
    prober.abort();
}

#[tokio::test(start_paused = true)]
async fn readiness_waits_for_first_checks_only_so_long() {
    let (_, status, mut prober) = put_in_force(
        "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"10.0.0.1:80\"]\nhealth_check = { timeout = \"3s\" }\n",
    );
    let snapshot = status.enforced().unwrap().snapshot;
    let start = clock::now();
    prober.follow(&snapshot, start);
    let limit = FIRST_CHECKS_PATIENCE + Duration::from_secs(3);
    // Its only check is taken out of the timetable and never ends.
    let due = prober.timetable.next_due().unwrap();
    assert!(prober.timetable.take_due(due).is_some());
    assert_eq!(
        prober.work(start).unwrap(),
        prober.timetable.next_due().unwrap().min(start + limit)
    );
    assert_eq!(status.phase(), Phase::Checking);
    prober.work(start + limit);
    assert_eq!(status.phase(), Phase::Ready);
}
