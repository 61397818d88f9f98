"""The calls of Terraform's provider for AWS, in its order: what it makes, reads back, changes and destroys.

Arguments: the admin address, a free port. Prints the ARNs of load balancer and target group while they are there, then waits for a line."""

import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ADDRESS, PORT = sys.argv[1], int(sys.argv[2])
elb, ec2 = (
    boto3.client(
        service, endpoint_url=f"http://{ADDRESS}", region_name="eu-central-1", aws_access_key_id="x",
        aws_secret_access_key="x", config=Config(retries={"max_attempts": 0}),
    )
    for service in ("elbv2", "ec2")
)


def code_of(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError(f"{members} is not refused")


def pairs(values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def values(attributes):
    return {one["Key"]: one["Value"] for one in attributes}


def tags_of(arn):
    (description,) = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert description["ResourceArn"] == arn
    return values(description["Tags"])


# aws_lb: everything that the provider of this year knows, and a key that only another one does.
BALANCER = {
    "access_logs.s3.enabled": "false",
    "connection_logs.s3.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "idle_timeout.timeout_seconds": "120",
    "client_keep_alive.seconds": "3600",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
    "deletion_protection.enabled": "false",
}


def modify_balancer(arn, wanted):
    """As the provider: a key that is refused by its name is left out, and the rest is tried again. Returns the keys left out."""
    wanted, left_out = dict(wanted), []
    while True:
        try:
            elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(wanted))
            return left_out
        except ClientError as error:
            refused = re.search(r"attribute key ('|\")?([^'\" ]+)('|\")? is not (recognized|supported)", str(error))
            assert refused, error
            left_out.append(refused[2])
            del wanted[refused[2]]


def read_balancer(arn):
    (balancer,) = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    attributes = values(elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"])
    assert elb.describe_capacity_reservation(LoadBalancerArn=arn)["CapacityReservationState"]
    return {
        "name": balancer["LoadBalancerName"],
        "internal": balancer["Scheme"] == "internal",
        "type": balancer["Type"],
        "subnets": {zone["SubnetId"] for zone in balancer["AvailabilityZones"]},
        "security_groups": set(balancer["SecurityGroups"]),
        "ip_address_type": balancer["IpAddressType"],
        "vpc": balancer["VpcId"],
        "state": balancer["State"]["Code"],
        "attributes": {key: attributes[key] for key in BALANCER},
        "tags": tags_of(arn),
    }


WANTED_BALANCER = {
    "name": "shop", "internal": False, "type": "application", "subnets": {"subnet-a", "subnet-b"},
    "security_groups": {"sg-web"}, "ip_address_type": "ipv4", "vpc": "vpc-1", "state": "active",
    "attributes": BALANCER, "tags": {"team": "shop"},
}

assert code_of(elb.describe_load_balancers, Names=["shop"]) == "LoadBalancerNotFound"
(made,) = elb.create_load_balancer(
    Name="shop", Type="application", Subnets=["subnet-a", "subnet-b"], SecurityGroups=["sg-web"], Tags=pairs({"team": "shop"})
)["LoadBalancers"]
balancer = made["LoadBalancerArn"]
assert made["State"]["Code"] == "provisioning"
elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer])
newer = {"secondary_ips.auto_assigned.per_subnet": "0", "routing.http.of_next_year.enabled": "true"}
assert modify_balancer(balancer, BALANCER | newer) == list(newer)
assert read_balancer(balancer) == WANTED_BALANCER, read_balancer(balancer)

# aws_lb_target_group.
GROUP = {
    "deregistration_delay.timeout_seconds": "60",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.enabled": "true",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "3600",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
CHECK = {
    "HealthCheckEnabled": True, "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/up",
    "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 3, "UnhealthyThresholdCount": 3,
    "Matcher": {"HttpCode": "200-299"},
}
SHAPE = {"Protocol": "HTTP", "ProtocolVersion": "HTTP1", "Port": 3000, "VpcId": "vpc-1", "TargetType": "ip", "IpAddressType": "ipv4"}


def read_group(arn):
    (group,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    attributes = values(elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"])
    # Of a type that is not in use too.
    assert {"stickiness.app_cookie.cookie_name", "stickiness.app_cookie.duration_seconds"} <= set(attributes)
    return {
        "shape": {key: group[key] for key in SHAPE},
        "check": {key: group[key] for key in CHECK},
        "attributes": {key: attributes[key] for key in GROUP},
        "tags": tags_of(arn),
    }


WANTED_GROUP = {"shape": SHAPE, "check": CHECK, "attributes": GROUP, "tags": {}}
assert code_of(elb.describe_target_groups, Names=["web"]) == "TargetGroupNotFound"
group = elb.create_target_group(Name="web", **SHAPE, **CHECK)["TargetGroups"][0]["TargetGroupArn"]
assert elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs(GROUP))
assert read_group(group) == WANTED_GROUP, read_group(group)


# aws_lb_target_group_attachment.
def attachment(address):
    """Whether the target is there, as the provider finds out."""
    target = {"Id": address, "Port": 3000}
    (health,) = elb.describe_target_health(TargetGroupArn=group, Targets=[target])["TargetHealthDescriptions"]
    reason = health["TargetHealth"].get("Reason")
    return reason not in ("Target.NotRegistered", "Target.DeregistrationInProgress")


ADDRESSES = ["10.0.0.11", "10.0.0.12"]
for address in ADDRESSES:
    assert not attachment(address)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 3000}])
    assert attachment(address)


# aws_lb_listener.
def read_listener(arn):
    (listener,) = elb.describe_listeners(ListenerArns=[arn])["Listeners"]
    (action,) = listener["DefaultActions"]
    attributes = values(elb.describe_listener_attributes(ListenerArn=arn)["Attributes"])
    return {
        "balancer": listener["LoadBalancerArn"], "port": listener["Port"], "protocol": listener["Protocol"],
        "type": action["Type"], "group": action["TargetGroupArn"], "tags": tags_of(arn),
        "server": attributes["routing.http.response.server.enabled"],
    }


WANTED_LISTENER = {
    "balancer": balancer, "port": PORT, "protocol": "HTTP", "type": "forward", "group": group, "tags": {}, "server": "true",
}
listener = elb.create_listener(
    LoadBalancerArn=balancer, Port=PORT, Protocol="HTTP", DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
)["Listeners"][0]["ListenerArn"]
assert read_listener(listener) == WANTED_LISTENER, read_listener(listener)


# aws_lb_listener_rule.
def next_priority():
    rules = elb.describe_rules(ListenerArn=listener)["Rules"]
    return max([int(rule["Priority"]) for rule in rules if rule["Priority"] != "default"], default=0) + 1


ANSWER = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "closed"},
}
CONDITION = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin/*"]}}


def read_rule(arn):
    (rule,) = elb.describe_rules(RuleArns=[arn])["Rules"]
    # The provider has no other way to the listener of a rule that is imported.
    found = re.match(r"^(arn:.+:listener)-rule(/.+)/[^/]+$", arn)
    assert found[1] + found[2] == listener, arn
    (condition,), (action,) = rule["Conditions"], rule["Actions"]
    return {
        "priority": rule["Priority"], "field": condition["Field"], "values": condition["PathPatternConfig"]["Values"],
        "answer": action.get("FixedResponseConfig"), "transforms": rule["Transforms"], "tags": tags_of(arn),
    }


WANTED_RULE = {
    "priority": "1", "field": "path-pattern", "values": ["/admin/*"], "answer": ANSWER["FixedResponseConfig"],
    "transforms": [], "tags": {},
}
rule = elb.create_rule(ListenerArn=listener, Priority=next_priority(), Conditions=[CONDITION], Actions=[ANSWER])
rule = rule["Rules"][0]["RuleArn"]
assert read_rule(rule) == WANTED_RULE, read_rule(rule)
# Another one at the same moment got the same number: the provider asks for the next one.
second = {"ListenerArn": listener, "Conditions": [CONDITION | {"PathPatternConfig": {"Values": ["/b"]}}], "Actions": [ANSWER]}
assert code_of(elb.create_rule, Priority=1, **second) == "PriorityInUse"
second = elb.create_rule(Priority=next_priority(), **second)["Rules"][0]["RuleArn"]
assert elb.describe_rules(RuleArns=[second])["Rules"][0]["Priority"] == "2"


def plan():
    """A second plan: what is read is what is wanted, so that nothing is to be done."""
    assert read_balancer(balancer) == WANTED_BALANCER, read_balancer(balancer)
    assert read_group(group) == WANTED_GROUP, read_group(group)
    assert all(attachment(address) for address in ADDRESSES)
    assert read_listener(listener) == WANTED_LISTENER, read_listener(listener)
    assert read_rule(rule) == WANTED_RULE, read_rule(rule)


plan()
print(balancer, group, flush=True)
sys.stdin.readline()
# The process has restarted meanwhile, or not: the state is the same.
plan()

# Changes.
BALANCER["idle_timeout.timeout_seconds"] = "60"
assert modify_balancer(balancer, BALANCER) == []
elb.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="dualstack")
elb.add_tags(ResourceArns=[balancer], Tags=pairs({"stage": "test"}))
elb.remove_tags(ResourceArns=[balancer], TagKeys=["team"])
WANTED_BALANCER |= {"ip_address_type": "dualstack", "tags": {"stage": "test"}}
CHECK["HealthCheckIntervalSeconds"] = 10
elb.modify_target_group(TargetGroupArn=group, **CHECK)
GROUP.update({"stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "SID", "stickiness.app_cookie.duration_seconds": "600"})
elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs(
    {key: value for key, value in GROUP.items() if key != "stickiness.lb_cookie.duration_seconds"}))
elb.modify_rule(RuleArn=rule, Conditions=[CONDITION], Actions=[ANSWER], ResetTransforms=True)
elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 10}])
WANTED_RULE["priority"] = "10"
elb.modify_listener_attributes(ListenerArn=listener, Attributes=pairs({"routing.http.response.server.enabled": "false"}))
WANTED_LISTENER["server"] = "false"
elb.modify_listener(ListenerArn=listener, Port=PORT, Protocol="HTTP", DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
plan()

# Destroys, in the reverse order. A group that is still in use is tried again by its text.
for arn in (second, rule):
    elb.delete_rule(RuleArn=arn)
    assert code_of(elb.describe_rules, RuleArns=[arn]) == "RuleNotFound"
try:
    elb.delete_target_group(TargetGroupArn=group)
except ClientError as error:
    assert error.response["Error"]["Code"] == "ResourceInUse" and "is currently in use by a listener or a rule" in str(error)
elb.delete_listener(ListenerArn=listener)
assert code_of(elb.describe_listeners, ListenerArns=[listener]) == "ListenerNotFound"
for address in ADDRESSES:
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 3000}])
    assert not attachment(address)
elb.delete_target_group(TargetGroupArn=group)
assert code_of(elb.describe_target_groups, TargetGroupArns=[group]) == "TargetGroupNotFound"
elb.delete_load_balancer(LoadBalancerArn=balancer)
elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer])
# Which network interfaces are left is asked of EC2, and only a warning where nobody knows.
owner = [{"Name": "attachment.instance-owner-id", "Values": ["amazon-elb"]}]
assert code_of(ec2.describe_network_interfaces, Filters=owner)
print("done")
