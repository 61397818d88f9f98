//! Nobody answers.

use std::time::Duration;

use clingfish_testkit::{Clingfish, RawClient, eventually};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, Since, Stage, web},
};

#[test]
fn without_any_open_port_the_answer_is_502_soon() {
    let stage = Stage::sticky("true");
    stage.a.stop();
    stage.b.stop();
    // Past the ejection of both, too.
    for round in 0..6 {
        let asked = Since::now();
        assert_eq!(stage.visit(&[]).response.status, 502, "{round}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{round}: {:?}", asked.elapsed());
    }
    stage.b.resume();
    eventually(SOON, || (stage.visit(&[]).response.status == 200).then_some(()));
}

#[test]
fn without_any_target_the_answer_is_503() {
    let clingfish = Clingfish::start(&web("targets = []\nstickiness = true"));
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.home_cookie(), None);
}

#[test]
fn a_target_that_hangs_is_given_up_and_nobody_else_is_asked() {
    for method in ["GET", "POST"] {
        let stage = Stage::with("", "health_check = false\nresponse_timeout = \"400ms\"");
        stage.a.hang(true);
        stage.b.hang(true);
        let mut browser = Browser::open(stage.clingfish.listener("web"));
        let asked = Since::now();
        let answer = browser.ask(method, "/slow-order", "").unwrap();
        assert_eq!(answer.status, 504, "{method}");
        let took = asked.elapsed();
        assert!(took >= Duration::from_millis(400), "{method}: {took:?}");
        assert!(took < Duration::from_secs(3), "{method}: {took:?}");
        assert_eq!(stage.a.count() + stage.b.count(), 1, "{method} was sent once");
        stage.a.hang(false);
        stage.b.hang(false);
    }
}
