//! The life of a listener and its rules, request by request, and what the file says on the way.

use clingfish_elb::Code;

use crate::support::Cloud;

const FILE: &str = r#"# The shop.
[aws]
account = "123456789012"
region = "eu-central-1"
certificates."arn:1" = { certificate = "1.pem" }
certificates."arn:2" = { certificate = "2.pem" }

[load_balancers.shop]
id = "50dc6c495c0c9188"

[target_groups.blue]  # served for years
id = "00000000000000b1"
targets = []

[target_groups.green]
id = "00000000000000e1"
targets = []
"#;

const SHOP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const BLUE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1";
const GREEN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/00000000000000e1";

impl Cloud {
    /// The first element of that name in the answer.
    fn ask(&mut self, form: &str, element: &str) -> String {
        let answer = self.call(form).unwrap();
        let (_, rest) = answer.split_once(&format!("<{element}>")).unwrap();
        rest.split_once("</").unwrap().0.to_owned()
    }

    /// Whether the file says each of these.
    fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text.contains(part), "{part} in\n{}", self.text);
        }
    }
}

#[test]
fn a_listener_lives_with_its_rules() {
    let mut cloud = Cloud::new(FILE);
    let forward = format!(
        "&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={BLUE}"
    );
    let create = format!(
        "Action=CreateListener&LoadBalancerArn={SHOP}&Port=80&Protocol=HTTP{forward}&Tags.member.1.Key=team&Tags.member.1.Value=a"
    );
    let listener = cloud.ask(&create, "ListenerArn");
    cloud.says(&["# The shop.", "# served for years", "[[listeners]]\nname = \"shop-80\"\n"]);
    assert_eq!(cloud.ask(&create, "ListenerArn"), listener, "asked for again, it is the same");

    let weighted = format!(
        "&Actions.member.1.Type=forward\
         &Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={BLUE}&Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=9\
         &Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn={GREEN}&Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=1\
         &Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=true&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=60"
    );
    let rule = |priority: u16, path: &str, actions: &str| {
        format!(
            "Action=CreateRule&ListenerArn={listener}&Priority={priority}&Conditions.member.1.Field=path-pattern\
             &Conditions.member.1.PathPatternConfig.Values.member.1={path}{actions}"
        )
    };
    let redirect = "&Actions.member.1.Type=redirect&Actions.member.1.RedirectConfig.StatusCode=HTTP_301&Actions.member.1.RedirectConfig.Host=b.example";
    let first = cloud.ask(&rule(10, "/a/*", &weighted), "RuleArn");
    let second = cloud.ask(&rule(20, "/b/*", redirect), "RuleArn");
    cloud.says(&["forward = { blue = 9, green = 1 }", "style = \"alb\"", "host = \"b.example\""]);
    assert_eq!(cloud.refusal(&rule(20, "/c", redirect)).0, Code::PriorityInUse);

    let swap = format!(
        "Action=SetRulePriorities&RulePriorities.member.1.RuleArn={first}&RulePriorities.member.1.Priority=20\
         &RulePriorities.member.2.RuleArn={second}&RulePriorities.member.2.Priority=10"
    );
    assert_eq!(cloud.ask(&swap, "Priority"), "20");
    let list = format!("Action=DescribeRules&ListenerArn={listener}");
    assert_eq!(cloud.ask(&list, "RuleArn"), second, "the second comes first now");

    let gone =
        "&Actions.member.1.Type=fixed-response&Actions.member.1.FixedResponseConfig.StatusCode=410";
    for rule in [&first, &second] {
        assert_eq!(
            cloud.ask(&format!("Action=ModifyRule&RuleArn={rule}{gone}"), "StatusCode"),
            "410"
        );
    }
    assert!(!cloud.text.contains("group_stickiness") && !cloud.text.contains("redirect"));
    cloud.call(&format!("Action=DeleteRule&RuleArn={first}")).unwrap();
    assert_eq!(cloud.refusal(&format!("Action=DeleteRule&RuleArn={first}")).0, Code::RuleNotFound);
    cloud.call(&format!("Action=DeleteListener&ListenerArn={listener}")).unwrap();
    assert_eq!(cloud.text.trim_end(), FILE.trim_end(), "and nothing is left of it");
}

#[test]
fn a_listener_goes_over_to_https_and_back() {
    let mut cloud = Cloud::new(FILE);
    let fixed = "&DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=410";
    let listener = cloud.ask(
        &format!("Action=CreateListener&LoadBalancerArn={SHOP}&Port=80&Protocol=HTTP{fixed}"),
        "ListenerArn",
    );
    let modify = |rest: &str| format!("Action=ModifyListener&ListenerArn={listener}{rest}");
    let secure = "&Protocol=HTTPS&Port=443&Certificates.member.1.CertificateArn=arn:1";
    assert_eq!(cloud.ask(&modify(secure), "CertificateArn"), "arn:1");
    cloud.says(&["bind = \"0.0.0.0:443\"", "name = \"shop-80\"", "arn = \"arn:1\""]);
    cloud
        .call(&format!(
            "Action=AddListenerCertificates&ListenerArn={listener}&Certificates.member.1.CertificateArn=arn:2"
        ))
        .unwrap();
    cloud.call(&modify("&MutualAuthentication.Mode=passthrough")).unwrap();
    let attribute = "&Attributes.member.1.Key=routing.http.response.x_frame_options.header_value&Attributes.member.1.Value=DENY";
    cloud
        .call(&format!("Action=ModifyListenerAttributes&ListenerArn={listener}{attribute}"))
        .unwrap();
    cloud.says(&["arn:2", "passthrough", "response_headers.x_frame_options = \"DENY\""]);
    let answer = cloud.call(&modify("&Protocol=HTTP&Port=80")).unwrap();
    assert!(!answer.contains("Certificate") && !answer.contains("SslPolicy"), "{answer}");
    for gone in ["certificates = ", "ssl_policy", "tls_min_version", "mutual_authentication"] {
        let (_, listeners) = cloud.text.split_once("[[listeners]]").unwrap();
        assert!(!listeners.contains(gone), "{gone} in\n{}", cloud.text);
    }
    assert_eq!(cloud.ask(&modify(""), "ListenerArn"), listener);
}

#[test]
fn what_people_wrote_is_changed_where_it_is() {
    let file = format!(
        "{FILE}\n[[listeners]]\nbind = \"0.0.0.0:80\"  # the world\nload_balancer = \"shop\"\nredirect = \"https\"\n\n\
         [[listeners.rules]]  # first\nconditions = {{ path-pattern = \"/a\" }}\nforward = {{ blue = 1, green = 1 }}\ngroup_stickiness = {{ failover = true }}\n\n\
         [[listeners.rules]]  # second\nconditions = {{ path-pattern = \"/b\" }}\nforward = \"blue\"\n"
    );
    let mut cloud = Cloud::new(&file);
    let listener =
        cloud.ask(&format!("Action=DescribeListeners&LoadBalancerArn={SHOP}"), "ListenerArn");
    let list = format!("Action=DescribeRules&ListenerArn={listener}");
    let first = cloud.ask(&list, "RuleArn");
    let fixed = "&DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=410";
    cloud.call(&format!("Action=ModifyListener&ListenerArn={listener}&Port=8080{fixed}")).unwrap();
    assert_eq!(cloud.ask(&list, "RuleArn"), first, "neither ARN has changed");
    let weights = format!(
        "&Actions.member.1.Type=forward\
         &Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={BLUE}&Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=9\
         &Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn={GREEN}&Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=1\
         &Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=true&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=60"
    );
    cloud.call(&format!("Action=ModifyRule&RuleArn={first}{weights}")).unwrap();
    let moved = format!(
        "Action=SetRulePriorities&RulePriorities.member.1.RuleArn={first}&RulePriorities.member.1.Priority=7"
    );
    assert_eq!(cloud.ask(&moved, "RuleArn"), first);
    cloud.says(&[
        "bind = \"0.0.0.0:8080\"  # the world",
        "[[listeners.rules]]  # first\npriority = 7\n",
        "[[listeners.rules]]  # second\npriority = 2\n",
        "forward = { blue = 9, green = 1 }",
        "failover = true",
        "duration = \"60s\"",
    ]);
}
