"""What the Classic API refuses in its own words. Prints each code that was raised."""

classic = client(service="elb")
PORT = int(sys.argv[3])
web = {"LoadBalancerPort": PORT, "InstancePort": 80, "Protocol": "HTTP", "InstanceProtocol": "HTTP"}
classic.create_load_balancer(LoadBalancerName="web", Subnets=["s-1", "s-2"], Listeners=[web])
of_web = {"LoadBalancerName": "web"}
new = {"LoadBalancerName": "new", "Subnets": ["s-1", "s-2"], "Listeners": [web]}
sticky = {"PolicyName": "sticky", "CookieExpirationPeriod": 60}
classic.create_lb_cookie_stickiness_policy(**of_web, **sticky)
conflict = "InvalidConfigurationRequest"

refused("LoadBalancerNotFound", "no ACTIVE Load Balancer named 'x'", classic.describe_load_balancers, LoadBalancerNames=["x"])
refused("DuplicateLoadBalancerName", "different parameters", classic.create_load_balancer,
        **new | {"LoadBalancerName": "web", "Scheme": "internal"})
refused("InvalidScheme", "'public'", classic.create_load_balancer, **new | {"Scheme": "public"})
refused("SubnetNotFound", "s-9", classic.create_load_balancer, **new | {"Subnets": ["s-9"]})
refused("InvalidSecurityGroup", "sg-9", classic.apply_security_groups_to_load_balancer, **of_web, SecurityGroups=["sg-9"])
refused("UnsupportedProtocol", "speaks HTTP", classic.create_load_balancer_listeners, **of_web,
        Listeners=[web | {"Protocol": "TCP", "LoadBalancerPort": PORT + 1}])
refused("DuplicateListener", str(PORT), classic.create_load_balancer_listeners, **of_web, Listeners=[web | {"InstancePort": 81}])
refused("CertificateNotFound", "arn:x", classic.create_load_balancer_listeners, **of_web, Listeners=[
    web | {"Protocol": "HTTPS", "LoadBalancerPort": PORT + 1, "SSLCertificateId": "arn:x"}])
refused("ListenerNotFound", "", classic.set_load_balancer_policies_of_listener, **of_web, LoadBalancerPort=1, PolicyNames=[])
refused("InvalidInstance", "Could not find EC2 instance i-9", classic.register_instances_with_load_balancer, **of_web,
        Instances=[{"InstanceId": "i-9"}])
refused("InvalidInstance", "169.254.169.254", classic.register_instances_with_load_balancer, **of_web,
        Instances=[{"InstanceId": "169.254.169.254"}])
refused("DuplicatePolicyName", "sticky already exists", classic.create_lb_cookie_stickiness_policy, **of_web, **sticky)
refused("PolicyNotFound", "nobody", classic.set_load_balancer_policies_of_listener, **of_web, LoadBalancerPort=PORT, PolicyNames=["nobody"])
refused("PolicyTypeNotFound", "ProxyProtocolPolicyType", classic.create_load_balancer_policy, **of_web, PolicyName="x",
        PolicyTypeName="ProxyProtocolPolicyType")
refused("LoadBalancerAttributeNotFound", "'x' is not recognized", classic.modify_load_balancer_attributes, **of_web,
        LoadBalancerAttributes={"AdditionalAttributes": [{"Key": "x", "Value": "1"}]})
for number in range(99):
    classic.create_app_cookie_stickiness_policy(**of_web, PolicyName=f"p{number}", CookieName="SID")
refused("TooManyPolicies", "cannot exceed 100", classic.create_app_cookie_stickiness_policy, **of_web, PolicyName="p99", CookieName="SID")
refused(conflict, "at most one policy", classic.set_load_balancer_policies_of_listener, status=409, **of_web,
        LoadBalancerPort=PORT, PolicyNames=["sticky", "p1"])
refused(conflict, "EmitInterval", classic.modify_load_balancer_attributes, status=409, **of_web, LoadBalancerAttributes={
    "AccessLog": {"Enabled": False, "EmitInterval": 7}})
refused("ValidationError", "must have 1 to", classic.create_app_cookie_stickiness_policy, **of_web, PolicyName="a b", CookieName="SID")
refused_raw("InvalidAction", "Could not find operation CreateRule for version 2012-06-01", form("CreateRule", version="2012-06-01"))
