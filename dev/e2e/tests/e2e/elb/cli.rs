//! The AWS CLI.

use std::time::Duration;

use clingfish_testkit::{Port, RawClient, eventually, python_command};
use serde_json::Value;

use super::{Cloud, ids, text, visitor::Visitor};
use crate::support::mirror;

/// `aws elbv2` with these words, at that endpoint: what it prints, or what it says against it.
#[track_caller]
fn aws(cloud: &Cloud, words: &[&str]) -> Result<Value, String> {
    let mut command = python_command();
    command.args(["-m", "awscli", "elbv2"]).args(words);
    command.args(["--endpoint-url", &format!("http://{}", cloud.clingfish.admin())]);
    command.args(["--output", "json", "--cli-read-timeout", "30"]);
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAANYBODY"),
        ("AWS_SECRET_ACCESS_KEY", "anything"),
        ("AWS_DEFAULT_REGION", "local"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("NO_PROXY", "*"),
    ] {
        command.env(name, value);
    }
    command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
    let output = command.output().expect("`cargo xtask setup` installs it");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    if printed.trim().is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_str(&printed)
        .unwrap_or_else(|error| panic!("{words:?}: {printed}: {error}")))
}

/// What it prints, words apart at blanks.
#[track_caller]
fn run(cloud: &Cloud, line: &str) -> Value {
    let words: Vec<&str> = line.split_whitespace().collect();
    aws(cloud, &words).unwrap_or_else(|said| panic!("aws elbv2 {line}: {said}"))
}

#[test]
fn the_aws_cli_opens_and_closes_a_sticky_web_service() {
    let (a, b, port) = (mirror("a"), mirror("b"), Port::reserve());
    let cloud = Cloud::start();
    let made = run(
        &cloud,
        "create-load-balancer --name web --subnets subnet-1 subnet-2 --tags Key=team,Value=shop",
    );
    let balancer = text(&made["LoadBalancers"][0]["LoadBalancerArn"]);
    run(&cloud, &format!("wait load-balancer-available --load-balancer-arns {balancer}"));
    let made = run(
        &cloud,
        "create-target-group --name app --protocol HTTP --port 80 --vpc-id vpc-1 --target-type ip \
         --health-check-interval-seconds 5 --health-check-timeout-seconds 2",
    );
    let group = text(&made["TargetGroups"][0]["TargetGroupArn"]);
    let targets: Vec<String> = ids(&[&a, &b])
        .iter()
        .map(|target| format!("Id={},Port={}", text(&target["Id"]), target["Port"]))
        .collect();
    let targets = targets.join(" ");
    run(&cloud, &format!("register-targets --target-group-arn {group} --targets {targets}"));
    let made = run(
        &cloud,
        &format!(
            "create-listener --load-balancer-arn {balancer} --protocol HTTP --port {} \
             --default-actions Type=forward,TargetGroupArn={group}",
            port.number()
        ),
    );
    let listener = text(&made["Listeners"][0]["ListenerArn"]);
    // The CLI looks every 15 seconds, so that it is asked to wait for what has come already. It takes seconds to start on a busy machine.
    eventually(Duration::from_secs(60), || {
        let health = run(&cloud, &format!("describe-target-health --target-group-arn {group}"));
        let all = health["TargetHealthDescriptions"].as_array()?.clone();
        all.iter().all(|one| one["TargetHealth"]["State"] == "healthy").then_some(())
    });
    run(&cloud, &format!("wait target-in-service --target-group-arn {group}"));
    run(
        &cloud,
        &format!(
            "modify-target-group-attributes --target-group-arn {group} --attributes \
             Key=stickiness.enabled,Value=true Key=deregistration_delay.timeout_seconds,Value=0"
        ),
    );
    Visitor::new(port.address()).stays();

    run(&cloud, &format!("deregister-targets --target-group-arn {group} --targets {targets}"));
    run(
        &cloud,
        &format!("wait target-deregistered --target-group-arn {group} --targets {targets}"),
    );
    assert_eq!(Visitor::new(port.address()).visit("/", &[]).status, 503);
    run(&cloud, &format!("delete-listener --listener-arn {listener}"));
    assert!(RawClient::connect(port.address()).is_err());
    run(&cloud, &format!("delete-target-group --target-group-arn {group}"));
    run(&cloud, &format!("delete-load-balancer --load-balancer-arn {balancer}"));
    run(&cloud, &format!("wait load-balancers-deleted --load-balancer-arns {balancer}"));
    assert_eq!(cloud.file(), cloud.before);
}

#[test]
fn the_aws_cli_tells_refusals_by_their_codes() {
    let cloud = Cloud::start();
    for (line, code) in [
        ("describe-load-balancers --names nobody", "LoadBalancerNotFound"),
        ("describe-target-groups --names nobody", "TargetGroupNotFound"),
        ("create-load-balancer --name web_1 --subnets subnet-1 subnet-2", "ValidationError"),
        (
            "create-load-balancer --name web --type network --subnets subnet-1",
            "OperationNotPermitted",
        ),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = aws(&cloud, &words).expect_err(line);
        assert!(said.contains(&format!("({code})")), "{line}: {said}");
    }
}
