"""One too many of everything: against a server that has all that it may have but for one. Prints each code that was raised."""

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/"
names = {}
for page in elb.get_paginator("describe_load_balancers").paginate():
    names.update((one["LoadBalancerName"], one["LoadBalancerArn"]) for one in page["LoadBalancers"])
assert len(names) >= 999, len(names)
refused("TooManyLoadBalancers", "cannot exceed 1000", elb.create_load_balancer, Name="new", Subnets=["s-1", "s-2"])
group = {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"}
refused("TooManyTargetGroups", "cannot exceed 10000", elb.create_target_group, **group)
listeners = elb.describe_listeners(LoadBalancerArn=names["default"])["Listeners"]
plain = next(one["ListenerArn"] for one in listeners if one["Protocol"] == "HTTP")
secure = next(one["ListenerArn"] for one in listeners if one["Protocol"] == "HTTPS")
rule = {"ListenerArn": plain, "Priority": 50_000, "Conditions": [{"Field": "path-pattern", "Values": ["/x"]}],
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}
refused("TooManyRules", "more than '5000' rules", elb.create_rule, **rule)
certificates = [{"CertificateArn": f"{CERTIFICATE}{number}"} for number in range(1000)]
refused("TooManyCertificates", "more than '1000' certificates", elb.add_listener_certificates, ListenerArn=secure,
        Certificates=certificates)
full = elb.describe_target_groups(Names=["full"])["TargetGroups"][0]["TargetGroupArn"]
targets = [{"Id": f"10.1.{number // 250}.{number % 250 + 1}"} for number in range(9)]
refused("TooManyTargets", "at most 10000 targets", elb.register_targets, TargetGroupArn=full, Targets=targets)
