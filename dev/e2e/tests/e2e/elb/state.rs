//! The file is the state: through kills, hands and obstacles.

use std::{fs, os::unix::fs::PermissionsExt as _, thread};

use clingfish_testkit::{Launch, Port, RawClient, eventually};
use serde_json::json;

use super::{Cloud, FILE, boto::Boto, forward, groups_of, text, visitor::Visitor};
use crate::support::{SOON, mirror, targets};

/// What somebody adds by hand.
const BY_HAND: &str = "\n# Ben, on Friday.\n[target_groups.ben]\ntargets = [] # for now\n";

#[test]
fn what_was_answered_is_there_after_a_kill_at_that_moment() {
    let (a, b, port) = (mirror("a"), mirror("b"), Port::reserve());
    let state = tempfile::tempdir().unwrap();
    let (mut file, mut listener, mut visitor) =
        (FILE.to_owned(), None, Visitor::new(port.address()));
    for round in 0..4 {
        let clingfish = Launch::new(&file).state_dir(state.path()).start();
        let elb = Boto::v2(&clingfish);
        let mut cloud = Cloud { clingfish, elb, before: file };
        match &listener {
            None => {
                let group = cloud.service(&port, &[&a, &b]);
                cloud.set(&group, &[("stickiness.enabled", "true")]);
                let home = visitor.stays();
                let found = cloud.elb.call("describe_target_groups", json!({}));
                listener = Some((home, found["TargetGroups"][0].clone()));
            }
            Some((home, group)) => {
                assert_eq!(&visitor.stays(), home, "sessions go on in round {round}");
                let found = cloud.elb.call("describe_target_groups", json!({"Names": ["app"]}));
                assert_eq!(&found["TargetGroups"][0], group);
            }
        }
        let known: Vec<String> = (0..round).map(|one| format!("g{one}")).collect();
        let shown = groups_of(&mut cloud.elb);
        assert!(known.iter().all(|name| shown.contains(name)), "round {round}: {shown:?}");
        cloud.group(&format!("g{round}"), &[]);
        cloud.clingfish.signal("KILL");
        cloud.clingfish.wait_exit(SOON);
        file = cloud.file();
    }
}

#[test]
fn hands_and_the_api_take_turns_at_the_file() {
    let mut cloud = Cloud::start();
    for round in 0..3 {
        let by_hand = BY_HAND.replace("ben", &format!("ben{round}"));
        cloud.clingfish.write_config(&(cloud.file() + &by_hand));
        // At once, whether the edit was noticed before or not.
        cloud.group(&format!("app{round}"), &[]);
        let file = cloud.file();
        assert!(file.contains(&by_hand), "{file}");
        let shown = groups_of(&mut cloud.elb);
        for name in [format!("ben{round}"), format!("app{round}")] {
            assert!(shown.contains(&name), "{name} is not among {shown:?}");
        }
    }
    let file = cloud.file();
    let mut rest = file.lines();
    for line in cloud.before.lines() {
        assert!(rest.any(|kept| kept == line), "{line:?} is not in its place in:\n{file}");
    }
}

#[test]
fn a_file_that_a_hand_broke_is_not_changed_and_what_is_in_force_stays() {
    let (app, port) = (mirror("app"), Port::reserve());
    let mut cloud = Cloud::start();
    cloud.service(&port, &[&app]);
    let whole = cloud.file();
    let broken = whole.clone() + "\n[target_groups.half]\ntargets = [\"127.0.0";
    cloud.clingfish.write_config(&broken);
    let with = json!({"Name": "more", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"});
    let refused = cloud.elb.refused("create_target_group", with.clone());
    let line = broken.lines().count();
    assert_eq!(refused.status, 400);
    assert!(refused.message.contains(&format!("clingfish.toml:{line}:")), "{refused:?}");
    assert_eq!(cloud.file(), broken);
    assert_eq!(groups_of(&mut cloud.elb), ["app"]);
    assert_eq!(Visitor::new(port.address()).home(), "app");
    cloud.clingfish.write_config(&(whole + BY_HAND));
    cloud.elb.call("create_target_group", with);
    assert_eq!(groups_of(&mut cloud.elb), ["app", "ben", "more"]);
}

#[test]
fn a_hand_made_change_shows_in_the_api_by_itself() {
    let app = mirror("app");
    let mut cloud = Cloud::start();
    let by_hand = format!("\n[target_groups.hand]\n{}\n", targets(&[("app", &app)]));
    cloud.clingfish.write_config(&(cloud.file() + &by_hand));
    eventually(SOON, || (groups_of(&mut cloud.elb) == ["hand"]).then_some(()));
}

#[test]
fn a_read_only_file_refuses_every_change_before_anything_happens() {
    let (app, port, other) = (mirror("app"), Port::reserve(), Port::reserve());
    let mut cloud = Cloud::start();
    let group = cloud.service(&port, &[&app]);
    let found = cloud.elb.call("describe_load_balancers", json!({}));
    let balancer = text(&found["LoadBalancers"][0]["LoadBalancerArn"]);
    let before = cloud.file();
    let path = cloud.clingfish.config_path().to_owned();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let create = json!({
        "LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": other.number(),
        "DefaultActions": [forward(&group)],
    });
    for (method, with) in [
        ("create_listener", create.clone()),
        ("delete_load_balancer", json!({"LoadBalancerArn": balancer})),
    ] {
        let refused = cloud.elb.refused(method, with);
        assert_eq!((refused.code.as_str(), refused.status), ("OperationNotPermitted", 400));
        let why = "it is read-only (mode 0400): run chmod u+w on it to allow changes";
        assert!(refused.message.contains(why), "{refused:?}");
    }
    assert!(RawClient::connect(other.address()).is_err(), "nobody listens there");
    assert_eq!(Visitor::new(port.address()).home(), "app");
    assert_eq!(cloud.file(), before);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    cloud.elb.call("create_listener", create);
    assert_eq!(Visitor::new(other.address()).home(), "app");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "who may read it is somebody's decision");
}

#[test]
fn clients_that_change_things_at_once_lose_nothing() {
    let mut cloud = Cloud::start();
    let clingfish = &cloud.clingfish;
    let create = |client: usize| {
        let mut elb = Boto::v2(clingfish);
        for count in 0..8 {
            let name = format!("of-{client}-{count}");
            let with = json!({"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"});
            elb.call("create_target_group", with);
        }
    };
    thread::scope(|scope| {
        for client in 0..4 {
            scope.spawn(move || create(client));
        }
    });
    let shown = groups_of(&mut cloud.elb);
    let made = shown.iter().filter(|name| name.starts_with("of-")).count();
    assert_eq!(made, 32, "{shown:?}");
}
