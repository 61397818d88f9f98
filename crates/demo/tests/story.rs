//! The story, told in front of balancers that are right and ones that are not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test fails it by panicking, as the test itself does"
)]

#[path = "story/balancer.rs"]
mod balancer;

use balancer::{Balancer, Flaw};
use clingfish_demo::{Colour, SampleApp, Story, Teller, controls, instance_name, story};

async fn tell(flaw: Flaw, colour: Colour) -> (Story, String) {
    let (controls, _desk) = controls();
    let mut apps = Vec::new();
    for position in 0..2 {
        let name = instance_name(position);
        apps.push(SampleApp::start(&name, controls.clone()).await.unwrap());
    }
    let addresses = apps.iter().map(SampleApp::address).collect();
    let (balancer, front) = Balancer::start(addresses, flaw).await;
    let mut told = Vec::new();
    let mut teller = Teller::new(&mut told, colour);
    let story = story(front, &mut apps, &*balancer, &mut teller).await.unwrap();
    assert!(apps.iter().all(SampleApp::is_running));
    (story, String::from_utf8(told).unwrap())
}

#[tokio::test]
async fn the_story_comes_true_in_front_of_a_sticky_balancer() {
    let (story, told) = tell(Flaw::Nothing, Colour::Off).await;
    println!("{told}");
    assert!(story.came_true(), "{told}");
    assert!(!told.contains('✗'));
    assert!(!told.contains('\x1b'), "plain text has no colours");
    assert_eq!(told.matches('✓').count(), story.claims.len());
    let lines = told.lines().count();
    assert!(lines <= 50, "{lines} lines are too many for one screen");
}

#[tokio::test]
async fn the_story_tells_what_did_not_come_true() {
    for (flaw, claims) in [
        (Flaw::NeverSticky, &["came home", "knew Ada", "other instance for a home"][..]),
        (Flaw::AlwaysSticky, &["both instances answered", "login was lost"]),
        (Flaw::SilentAboutVerdicts, &["came home", "detours, then"]),
        (Flaw::RehomesOnFirstFailure, &["detours, then"]),
        (Flaw::ErrorPageOnFirstFailure, &["error pages"]),
        (Flaw::CallsEveryoneBack, &["nobody moved"]),
    ] {
        let (story, told) = tell(flaw, Colour::On).await;
        assert!(!story.came_true(), "{flaw:?}\n{told}");
        for claim in claims {
            let claim = story.claims.iter().find(|known| known.text.contains(claim));
            let claim = claim.unwrap_or_else(|| panic!("{flaw:?}: no such claim\n{told}"));
            assert!(!claim.came_true, "{flaw:?}: {}\n{told}", claim.text);
        }
    }
}
