"""What goes wrong with what is there, what is not, and what does not go together. Prints each code that was raised."""

GONE = "00000000000000ff"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/"

shop = elb.create_load_balancer(Name="shop", Subnets=["s-1", "s-2"])["LoadBalancers"][0]["LoadBalancerArn"]
other = elb.create_load_balancer(Name="other", Subnets=["s-3", "s-4"])["LoadBalancers"][0]["LoadBalancerArn"]


def group(name, **more):
    members = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip"} | more
    return elb.create_target_group(**members)["TargetGroups"][0]["TargetGroupArn"]


blue, green, spare = group("blue"), group("green"), group("spare")
machines = group("machines", TargetType="instance")
not_found = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
to_blue = {"Type": "forward", "TargetGroupArn": blue}


def listener(port, balancer=shop, **more):
    members = {"LoadBalancerArn": balancer, "Port": port, "Protocol": "HTTP", "DefaultActions": [not_found]} | more
    return members


# Any ports that are free; the first of them are ours.
PORT, TLS_PORT, SPARE_PORT = (int(port) for port in sys.argv[3:6])
web = elb.create_listener(**listener(PORT))["Listeners"][0]["ListenerArn"]
secure = elb.create_listener(
    **listener(TLS_PORT, Protocol="HTTPS", Certificates=[{"CertificateArn": CERTIFICATE + "1"}])
)["Listeners"][0]["ListenerArn"]


def rule(priority, **more):
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{priority}"]}}
    return {"ListenerArn": web, "Priority": priority, "Conditions": [condition], "Actions": [to_blue]} | more


first = elb.create_rule(**rule(1))["Rules"][0]["RuleArn"]
second = elb.create_rule(**rule(2))["Rules"][0]["RuleArn"]
default = next(one["RuleArn"] for one in elb.describe_rules(ListenerArn=web)["Rules"] if one["IsDefault"])


def pairs(**values):
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


def attribute(key, value):
    return [{"Key": key, "Value": value}]


# What is not there, or not an ARN at all.
for call, members in [
    (elb.describe_load_balancers, {"Names": ["nobody"]}),
    (elb.describe_load_balancers, {"LoadBalancerArns": [f"{AWS}:loadbalancer/app/shop/{GONE}"]}),
    (elb.describe_listeners, {"LoadBalancerArn": f"{AWS}:loadbalancer/app/nobody/{GONE}"}),
    (elb.create_listener, listener(SPARE_PORT, f"{AWS}:loadbalancer/app/nobody/{GONE}")),
    (elb.set_subnets, {"LoadBalancerArn": f"{AWS}:loadbalancer/app/nobody/{GONE}", "Subnets": ["s-1", "s-2"]}),
]:
    refused("LoadBalancerNotFound", "not found", call, **members)
for call, members in [
    (elb.describe_target_groups, {"Names": ["nobody"]}),
    (elb.modify_target_group, {"TargetGroupArn": f"{AWS}:targetgroup/nobody/{GONE}"}),
    (elb.register_targets, {"TargetGroupArn": f"{AWS}:targetgroup/nobody/{GONE}", "Targets": [{"Id": "10.0.0.1"}]}),
    (elb.create_rule, rule(9, Actions=[{"Type": "forward", "TargetGroupArn": f"{AWS}:targetgroup/blue/{GONE}"}])),
]:
    refused("TargetGroupNotFound", "not found", call, **members)
for call in (elb.delete_listener, elb.modify_listener, elb.describe_listener_certificates):
    refused("ListenerNotFound", "does not exist", call, ListenerArn=f"{web[:-16]}{GONE}")
for call, text in [
    (elb.delete_rule, "The specified rule does not exist."),
    (lambda RuleArn: elb.describe_rules(RuleArns=[RuleArn]), "One or more rules not found"),
]:
    refused("RuleNotFound", text, call, RuleArn=f"{first[:-16]}{GONE}")
for call, members in [
    (elb.delete_load_balancer, {"LoadBalancerArn": "shop"}),
    (elb.delete_listener, {"ListenerArn": ""}),
    (elb.describe_tags, {"ResourceArns": ["arn:aws:s3:::bucket"]}),
]:
    refused("ValidationError", "is not a valid", call, **members)
refused("CertificateNotFound", "certificate/9 not found", elb.add_listener_certificates, ListenerArn=secure,
        Certificates=[{"CertificateArn": CERTIFICATE + "9"}])
refused("CertificateNotFound", "not found", elb.create_listener,
        **listener(SPARE_PORT, Protocol="HTTPS", Certificates=[{"CertificateArn": CERTIFICATE + "9"}]))
refused("SSLPolicyNotFound", "SSL policy 'x' not found", elb.describe_ssl_policies, Names=["x"])
refused("SSLPolicyNotFound", "SSL policy 'x' not found", elb.modify_listener, ListenerArn=secure, SslPolicy="x")
refused("TrustStoreNotFound", "Trust store", elb.modify_listener, ListenerArn=secure, MutualAuthentication={
    "Mode": "verify", "TrustStoreArn": f"{AWS}:truststore/nobody/{GONE}"})
refused("SubnetNotFound", "The subnet ID 's-9' does not exist", elb.create_load_balancer, Name="new", Subnets=["s-1", "s-9"])
refused("InvalidSecurityGroup", "'sg-9' does not exist", elb.set_security_groups, LoadBalancerArn=shop, SecurityGroups=["sg-9"])
refused("InvalidTarget", "'i-9'", elb.register_targets, TargetGroupArn=machines, Targets=[{"Id": "i-9"}])

# What is there already.
refused("DuplicateLoadBalancerName", "'shop' exists, but with different settings", elb.create_load_balancer,
        Name="shop", Subnets=["s-1", "s-2"], Scheme="internal")
refused("DuplicateTargetGroupName", "'blue' exists, but with different settings", elb.create_target_group,
        Name="blue", Protocol="HTTP", Port=81, VpcId="vpc-1", TargetType="ip")
refused("DuplicateListener", "already exists on this port", elb.create_listener, **listener(PORT, DefaultActions=[to_blue]))
refused("DuplicateListener", "already exists on this port", elb.modify_listener, ListenerArn=secure, Port=PORT)
refused("DuplicateTagKeys", "'team' is specified more than once", elb.add_tags, ResourceArns=[shop],
        Tags=pairs(team="a") + pairs(team="b"))
refused("PriorityInUse", "priority is in use", elb.create_rule, **rule(1))
refused("PriorityInUse", "priority is in use", elb.set_rule_priorities, RulePriorities=[{"RuleArn": second, "Priority": 1}])
refused("ResourceInUse", "is currently in use by a listener or a rule", elb.delete_target_group, TargetGroupArn=blue)

# What may not be.
elb.modify_load_balancer_attributes(LoadBalancerArn=other, Attributes=attribute("deletion_protection.enabled", "true"))
refused("OperationNotPermitted", "deletion protection is enabled", elb.delete_load_balancer, LoadBalancerArn=other)
refused("OperationNotPermitted", "cannot be deleted", elb.delete_rule, RuleArn=default)
refused("OperationNotPermitted", "cannot be modified", elb.modify_rule, RuleArn=default, Actions=[not_found])
refused("OperationNotPermitted", "default certificate", elb.remove_listener_certificates, ListenerArn=secure,
        Certificates=[{"CertificateArn": CERTIFICATE + "1"}])
refused("OperationNotPermitted", "type 'network' are not supported", elb.create_load_balancer, Name="new",
        Subnets=["s-1", "s-2"], Type="network")
refused("OperationNotPermitted", "capacity", elb.modify_capacity_reservation, LoadBalancerArn=shop,
        MinimumLoadBalancerCapacity={"CapacityUnits": 5})
for address, why in [("169.254.169.254", "link-local"), ("224.0.0.1", "multicast")]:
    refused("InvalidTarget", why, elb.register_targets, TargetGroupArn=blue, Targets=[{"Id": address}])
elb.register_targets(TargetGroupArn=blue, Targets=[{"Id": "10.0.0.1", "Port": 8080}])
refused("InvalidTarget", "You must specify the port", elb.deregister_targets, TargetGroupArn=blue, Targets=[{"Id": "10.0.0.1"}])
refused("UnsupportedProtocol", "must be one of 'HTTP, HTTPS'", elb.create_listener, **listener(SPARE_PORT, Protocol="TCP"))
refused("InvalidSubnet", "different addresses", elb.create_load_balancer, Name="new", Subnets=["s-1", "s-4"])

# What does not go together.
conflict = "InvalidConfigurationRequest"
change = elb.modify_target_group_attributes
refused(conflict, "You must set an application cookie name", change, TargetGroupArn=green, Attributes=pairs(
    stickiness__enabled="true", stickiness__type="app_cookie"))
refused(conflict, "names that begin with AWSALB", change, TargetGroupArn=green,
        Attributes=attribute("stickiness.app_cookie.cookie_name", "AWSALBAPP-0"))
refused(conflict, "'source_ip' is not supported", change, TargetGroupArn=green, Attributes=attribute("stickiness.type", "source_ip"))
refused(conflict, "Slow start is not supported", change, TargetGroupArn=green, Attributes=attribute(
    "slow_start.duration_seconds", "30") + attribute("load_balancing.algorithm.type", "least_outstanding_requests"))
change(TargetGroupArn=green, Attributes=attribute("stickiness.enabled", "true"))
refused(conflict, "You cannot use the weighted random algorithm", change, TargetGroupArn=green,
        Attributes=attribute("load_balancing.algorithm.type", "weighted_random"))
refused(conflict, "You cannot turn off cross-zone", change, TargetGroupArn=green,
        Attributes=attribute("load_balancing.cross_zone.enabled", "false"))
both = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": blue}, {"TargetGroupArn": green}]}}
refused(conflict, "You must enable group stickiness on a rule", elb.create_rule, **rule(3, Actions=[both]))
refused(conflict, "'dns_record.client_routing_policy' is not supported", elb.modify_load_balancer_attributes,
        LoadBalancerArn=shop, Attributes=attribute("dns_record.client_routing_policy", "any_availability_zone"))
refused(conflict, "Target type 'lambda'", elb.create_target_group, Name="new", TargetType="lambda")
refused(conflict, "same Availability Zone", elb.set_subnets, LoadBalancerArn=shop, Subnets=["s-1", "s-1"])
refused(conflict, "HTTPS listeners", elb.modify_listener, ListenerArn=web, SslPolicy="ELBSecurityPolicy-2016-08")
refused(conflict, "ALPN policy", elb.modify_listener, ListenerArn=secure, AlpnPolicy=["HTTP2Only"])
third = elb.create_load_balancer(Name="third", Subnets=["s-1", "s-2"])["LoadBalancers"][0]["LoadBalancerArn"]
refused(conflict, f"Port '{PORT}' of 127.0.0.1 is taken by", elb.create_listener, **listener(PORT, third))
elb.create_listener(**listener(PORT, other))
refused("InvalidSubnet", "is taken", elb.set_subnets, LoadBalancerArn=other, Subnets=["s-1", "s-2"])
taken = socket.create_server(("127.0.0.1", 0))
refused(conflict, "is already in use by another process", elb.create_listener, **listener(taken.getsockname()[1]))
taken.close()

# Actions that are none, or one too many.
bad_action = "InvalidLoadBalancerAction"
refused(bad_action, "nothing here authenticates clients", elb.create_rule, **rule(3, Actions=[{
    "Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "https://a.example", "ClientId": "x"}}]))
refused(bad_action, "You must specify 'RedirectConfig'", elb.create_rule, **rule(3, Actions=[{"Type": "redirect"}]))
refused(bad_action, "creates a loop", elb.create_rule, **rule(3, Actions=[{
    "Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]))
refused(bad_action, "The ContentType must be one of", elb.create_rule, **rule(3, Actions=[{
    "Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"}}]))
refused(bad_action, "more than once", elb.create_rule, **rule(3, Actions=[{
    "Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": blue}] * 2}}]))
refused("TooManyActions", "Only one action", elb.create_rule, **rule(3, Actions=[to_blue, to_blue]))
refused("TooManyTags", "cannot exceed", elb.add_tags, ResourceArns=[shop], Tags=[{"Key": f"k{n}"} for n in range(51)])

# Values that are out of range, or of another type.
invalid = "ValidationError"
for call, members, text in [
    (elb.create_listener, listener(0), "greater than or equal to 1"),
    (elb.create_listener, listener(65536), "less than or equal to 65535"),
    (elb.create_listener, listener("http"), "must be an integer"),
    (elb.create_rule, rule(50001), "less than or equal to 50000"),
    (elb.create_rule, rule(3, Conditions=[]), "A condition must be specified"),
    (elb.create_rule, rule(3, Conditions=[{"Field": "cookie", "Values": ["x"]}]), "Condition field 'cookie' must be one of"),
    (elb.create_rule, rule(3, Actions=[{"Type": "teapot"}]), "Member must satisfy enum value set"),
    (elb.create_load_balancer, {"Name": "internal-x", "Subnets": ["s-1", "s-2"]}, "cannot begin with 'internal-'"),
    (elb.create_load_balancer, {"Name": "new", "Subnets": ["s-1"]}, "At least two subnets"),
    (elb.create_load_balancer, {"Name": "new", "Subnets": ["s-1", "s-2"], "Scheme": "public"}, "enum value set"),
    (elb.create_target_group, {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-9"}, "'vpc-9' is not found"),
    (elb.create_target_group, {"Name": "new", "Port": 80, "VpcId": "vpc-1"}, "A protocol must be specified"),
    (elb.modify_target_group, {"TargetGroupArn": blue, "HealthCheckIntervalSeconds": 4}, "greater than or equal to 5"),
    (elb.modify_target_group, {"TargetGroupArn": blue, "Matcher": {"HttpCode": "600"}}, "must be within"),
    (change, {"TargetGroupArn": blue, "Attributes": attribute("no.such.key", "1")}, "'no.such.key' is not recognized"),
    (change, {"TargetGroupArn": blue, "Attributes": attribute("stickiness.lb_cookie.duration_seconds", "0")}, "1-604800"),
    (elb.modify_load_balancer_attributes, {"LoadBalancerArn": shop, "Attributes": attribute("no.such.key", "1")},
     "Load balancer attribute key 'no.such.key' is not recognized"),
    (elb.modify_load_balancer_attributes, {"LoadBalancerArn": shop, "Attributes": attribute("idle_timeout.timeout_seconds", "0")},
     "1-4000"),
    (elb.modify_listener_attributes, {"ListenerArn": web, "Attributes": attribute("no.such.key", "1")}, "is not recognized"),
    (elb.register_targets, {"TargetGroupArn": blue, "Targets": [{"Id": "app.example"}]}, "is not a valid IP address"),
    (elb.register_targets, {"TargetGroupArn": blue, "Targets": []}, "length greater than or equal to 1"),
    (elb.add_tags, {"ResourceArns": [shop], "Tags": pairs(**{"aws:x": "1"})}, "reserved"),
    (elb.add_tags, {"ResourceArns": [shop], "Tags": pairs(x="a\"b")}, "regular expression pattern"),
    (elb.describe_load_balancers, {"PageSize": 401}, "less than or equal to 400"),
    (elb.describe_load_balancers, {"Marker": "x"}, "not a valid marker"),
    (elb.describe_load_balancers, {"LoadBalancerArns": [shop], "Names": ["shop"]}, "at the same time"),
    (elb.describe_listeners, {}, "You must specify either"),
    (elb.describe_tags, {"ResourceArns": [f"{shop}{n}" for n in range(21)]}, "length less than or equal to 20"),
]:
    refused(invalid, text, call, **members)
