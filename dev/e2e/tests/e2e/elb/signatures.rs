//! Who may use the API: keys in the file, and what boto3 makes of them.

use clingfish_testkit::{Clingfish, RawClient};
use serde_json::{Value, json};

use super::boto::{Boto, Refused};

/// One that may do everything, one that may look, and one that is good with its session token only.
const FILE: &str = r#"
[aws]
bind = "127.0.0.1"

[admin]
bind = "127.0.0.1:0"
access_keys = [
    { id = "AKIAADMIN", secret = "of the admin" },
    { id = "AKIAREADER", secret = "of the reader", role = "read_only" },
    { id = "ASIASESSION", secret = "of the session", session_token = "for an hour" },
]
"#;

fn admin() -> Value {
    json!({"key": "AKIAADMIN", "secret": "of the admin"})
}

fn create() -> Value {
    json!({"Name": "app", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"})
}

/// The code and the status of a refusal.
fn seen(refused: &Refused) -> (&str, u64) {
    (&refused.code, refused.status)
}

#[test]
fn whoever_has_the_secret_is_let_in() {
    let clingfish = Clingfish::start(FILE);
    let other_region = json!({"key": "AKIAADMIN", "secret": "of the admin", "region": "us-east-1"});
    let session = json!({"key": "ASIASESSION", "secret": "of the session", "token": "for an hour"});
    for who in [admin(), other_region, session] {
        let mut elb = Boto::with(&clingfish, who);
        elb.call("create_target_group", create());
        elb.call("describe_target_groups", json!({"Names": ["app"]}));
    }
}

#[test]
fn whoever_has_not_is_refused_in_awss_words() {
    let clingfish = Clingfish::start(FILE);
    for (who, code, status) in [
        (json!({"key": "AKIAADMIN", "secret": "guessed"}), "SignatureDoesNotMatch", 403),
        (json!({"key": "AKIANOBODY", "secret": "of the admin"}), "InvalidClientTokenId", 403),
        (json!({"unsigned": true}), "MissingAuthenticationToken", 403),
        (json!({"key": "ASIASESSION", "secret": "of the session"}), "InvalidClientTokenId", 403),
        (
            json!({"key": "ASIASESSION", "secret": "of the session", "token": "guessed"}),
            "InvalidClientTokenId",
            403,
        ),
        (
            json!({"key": "AKIAADMIN", "secret": "of the admin", "seconds_behind": 16 * 60}),
            "RequestExpired",
            400,
        ),
        (
            json!({"key": "AKIAADMIN", "secret": "of the admin", "seconds_behind": -16 * 60}),
            "RequestExpired",
            400,
        ),
    ] {
        let mut elb = Boto::with(&clingfish, who.clone());
        for (method, with) in
            [("describe_target_groups", json!({})), ("create_target_group", create())]
        {
            assert_eq!(seen(&elb.refused(method, with)), (code, status), "{method} by {who}");
        }
    }
    let mut elb = Boto::with(&clingfish, admin());
    let groups = elb.call("describe_target_groups", json!({}));
    assert_eq!(groups["TargetGroups"], json!([]), "nobody made one");
}

#[test]
fn clocks_may_be_a_quarter_of_an_hour_apart() {
    let clingfish = Clingfish::start(FILE);
    for seconds in [-14 * 60, 14 * 60] {
        let mut who = admin();
        who["seconds_behind"] = json!(seconds);
        Boto::with(&clingfish, who).call("describe_load_balancers", json!({}));
    }
}

#[test]
fn whoever_may_look_changes_nothing() {
    let clingfish = Clingfish::start(FILE);
    let mut reader =
        Boto::with(&clingfish, json!({"key": "AKIAREADER", "secret": "of the reader"}));
    reader.call("describe_target_groups", json!({}));
    let refused = reader.refused("create_target_group", create());
    assert_eq!(seen(&refused), ("AccessDenied", 403));
    let mut elb = Boto::with(&clingfish, admin());
    let made = elb.call("create_target_group", create());
    let arn = &made["TargetGroups"][0]["TargetGroupArn"];
    let refused = reader.refused("delete_target_group", json!({"TargetGroupArn": arn}));
    assert_eq!(seen(&refused), ("AccessDenied", 403));
    reader.call("describe_target_groups", json!({"TargetGroupArns": [arn]}));
}

#[test]
fn a_presigned_url_stands_for_its_call_and_for_no_other() {
    let clingfish = Clingfish::start(FILE);
    let mut elb = Boto::with(&clingfish, admin());
    let url = elb.presign("describe_load_balancers", json!({}));
    let path = url.strip_prefix(&format!("http://{}", clingfish.admin())).expect("it is ours");
    let answer = RawClient::get(clingfish.admin(), path).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("<DescribeLoadBalancersResult>"), "{}", answer.text());
    let other = path.replace("DescribeLoadBalancers", "DescribeTargetGroups");
    assert_ne!(other, path);
    let answer = RawClient::get(clingfish.admin(), &other).unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("<Code>SignatureDoesNotMatch</Code>"), "{}", answer.text());
}

#[test]
fn a_key_that_is_taken_out_of_the_file_is_good_for_nothing_from_then_on() {
    let clingfish = Clingfish::start(FILE);
    let mut reader =
        Boto::with(&clingfish, json!({"key": "AKIAREADER", "secret": "of the reader"}));
    reader.call("describe_target_groups", json!({}));
    let kept: Vec<&str> = FILE.lines().filter(|line| !line.contains("AKIAREADER")).collect();
    clingfish.reload_with(&kept.join("\n"));
    let refused = reader.refused("describe_target_groups", json!({}));
    assert_eq!(seen(&refused), ("InvalidClientTokenId", 403));
}
