//! Listeners: made, shown, changed and deleted.

use clingfish_elb::Code;

use crate::support::Cloud;

const FILE: &str = r#"
[admin]
bind = "127.0.0.1:9080"

[aws]
account = "123456789012"
region = "eu-central-1"
bind = "127.0.0.9"
subnets.subnet-1 = { zone = "a", bind = "127.0.0.5" }
subnets.subnet-2 = { zone = "b", bind = "127.0.0.5" }

[load_balancers.shop]
id = "50dc6c495c0c9188"
subnets = ["subnet-1", "subnet-2"]

[load_balancers.blog]
id = "50dc6c495c0c9189"

[[listeners]]
name = "web"
id = "f2f7dc8efc522ab2"
bind = "127.0.0.5:80"
load_balancer = "shop"
forward = "blue"
tags = { team = "a" }

[[listeners]]
bind = "127.0.0.9:8080"
load_balancer = "blog"
forward = false

[[listeners]]
bind = "127.0.0.9:8081"

redirect = "https"

[target_groups.blue]
id = "00000000000000b1"
targets = []
"#;

const SHOP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const BLOG: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/blog/50dc6c495c0c9189";
const WEB: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                   listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const FORWARD: &str = "&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn=\
                       arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1";
const GONE: &str = "&DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=410";

fn create(balancer: &str, rest: &str) -> String {
    format!("Action=CreateListener&LoadBalancerArn={balancer}{rest}")
}

#[test]
fn a_new_listener_is_where_the_subnets_of_its_load_balancer_are() {
    for (balancer, port, start) in [
        (
            SHOP,
            81,
            r#"shop-81 new: name = "shop-81", load_balancer = "shop", bind = "127.0.0.5:81""#,
        ),
        // Without subnets it goes where the load balancer listens already.
        (
            BLOG,
            81,
            r#"blog-81 new: name = "blog-81", load_balancer = "blog", bind = "127.0.0.9:81""#,
        ),
    ] {
        let form = create(
            balancer,
            &format!(
                "&Port={port}&Protocol=HTTP{FORWARD}&Tags.member.1.Key=a&Tags.member.1.Value=b"
            ),
        );
        let edits = Cloud::new(FILE).edits(&form).unwrap();
        let [edit] = edits.as_slice() else { panic!("{edits:?}") };
        let start =
            format!(r#"[[listeners]] {start}, protocol = "HTTP", forward = "blue", id = ""#);
        assert!(edit.starts_with(&start), "{edit}");
        assert!(edit.ends_with(r#"tags = { a = "b" }"#), "{edit}");
    }
}

#[test]
fn a_taken_name_gets_a_number() {
    let file = FILE.replace("name = \"web\"", "name = \"shop-81\"");
    let form = create(SHOP, &format!("&Port=81&Protocol=HTTP{FORWARD}"));
    let edits = Cloud::new(&file).edits(&form).unwrap();
    assert!(edits[0].starts_with("[[listeners]] shop-81-2 new"), "{edits:?}");
}

#[test]
fn the_same_listener_again_is_the_one_that_is_there() {
    let form = create(
        SHOP,
        &format!("&Port=80&Protocol=HTTP{FORWARD}&Tags.member.1.Key=team&Tags.member.1.Value=a"),
    );
    let mut cloud = Cloud::new(FILE);
    assert_eq!(cloud.edits(&form), Ok(vec![]));
    let answer = cloud.call(&form).unwrap();
    assert!(answer.contains(&format!("<ListenerArn>{WEB}</ListenerArn>")), "{answer}");
}

#[test]
fn listeners_that_cannot_be_are_refused() {
    let unknown = SHOP.replace("88", "80");
    for (balancer, rest, code, message) in [
        (&*unknown, String::new(), Code::LoadBalancerNotFound, format!("Load balancers '[{unknown}]' not found")),
        (SHOP, "&Protocol=HTTP".into(), Code::ValidationError, "A listener port must be specified".into()),
        (SHOP, "&Port=1".into(), Code::ValidationError, "A listener protocol must be specified".into()),
        (SHOP, "&Port=65536".into(), Code::ValidationError, "1 validation error detected: Value '65536' at 'port' failed to satisfy constraint: Member must have value less than or equal to 65535".into()),
        (SHOP, "&Port=1&Protocol=SCTP".into(), Code::ValidationError, "1 validation error detected: Value 'SCTP' at 'protocol' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP, GENEVE, QUIC, TCP_QUIC]".into()),
        (SHOP, "&Port=1&Protocol=TCP".into(), Code::UnsupportedProtocol, "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'".into()),
        (SHOP, format!("&Port=80&Protocol=HTTP{GONE}"), Code::DuplicateListener, format!("A listener already exists on this port for this load balancer '{SHOP}'")),
        (BLOG, format!("&Port=8081&Protocol=HTTP{GONE}"), Code::InvalidConfigurationRequest, "Port '8081' of 127.0.0.9 is taken by the listener '127.0.0.9-8081' of the load balancer 'default': use another port, or subnets with an address of their own".into()),
        (SHOP, format!("&Port=1&Protocol=HTTP{GONE}&AlpnPolicy.member.1=HTTP2Only"), Code::InvalidConfigurationRequest, "An ALPN policy can only be specified for TLS listeners".into()),
        (SHOP, format!("&Port=1&Protocol=HTTP{GONE}&Certificates.member.1.CertificateArn=a"), Code::InvalidConfigurationRequest, "Certificates can only be specified for HTTPS listeners".into()),
        (SHOP, format!("&Port=1&Protocol=HTTP{GONE}&SslPolicy=ELBSecurityPolicy-2016-08"), Code::InvalidConfigurationRequest, "An SSL policy can only be specified for HTTPS listeners".into()),
    ] {
        let form = create(balancer, &rest);
        assert_eq!(Cloud::new(FILE).refusal(&form), (code, message), "{form}");
    }
    let file = FILE.replace("127.0.0.1:9080", "0.0.0.0:9080");
    let (code, message) =
        Cloud::new(&file).refusal(&create(SHOP, &format!("&Port=9080&Protocol=HTTP{GONE}")));
    assert_eq!(code, Code::InvalidConfigurationRequest);
    assert!(message.contains("taken by the API itself"), "{message}");
}

#[test]
fn listeners_are_shown_by_their_load_balancer_or_arns() {
    let mut cloud = Cloud::new(FILE);
    let shown = format!(
        "<member><ListenerArn>{WEB}</ListenerArn><LoadBalancerArn>{SHOP}</LoadBalancerArn><Port>80</Port><Protocol>HTTP</Protocol><DefaultActions>"
    );
    for form in [
        format!("LoadBalancerArn={SHOP}"),
        format!("ListenerArns.member.1={WEB}&ListenerArns.member.2={WEB}"),
    ] {
        let answer = cloud.call(&format!("Action=DescribeListeners&{form}")).unwrap();
        assert!(answer.starts_with(&format!("<Listeners>{shown}")), "{form}: {answer}");
        assert_eq!(answer.matches("<ListenerArn>").count(), 1, "{form}");
    }
    let gone = WEB.replace("ab2", "ab3");
    for (form, code, message) in [
        (
            String::new(),
            Code::ValidationError,
            "You must specify either listener ARNs or a load balancer ARN",
        ),
        (
            format!("&LoadBalancerArn={SHOP}&ListenerArns.member.1={WEB}"),
            Code::ValidationError,
            "Listener ARNs and a load balancer ARN cannot be specified at the same time",
        ),
        (
            format!("&ListenerArns.member.1={gone}"),
            Code::ListenerNotFound,
            "The specified listener does not exist.",
        ),
        (
            "&ListenerArns.member.1=web".into(),
            Code::ValidationError,
            "'web' is not a valid listener ARN",
        ),
    ] {
        let refusal = cloud.refusal(&format!("Action=DescribeListeners{form}"));
        assert_eq!(refusal, (code, message.to_owned()), "{form}");
    }
}

#[test]
fn listeners_of_classic_load_balancers_are_not_shown() {
    let file = FILE.replace("[load_balancers.shop]", "[load_balancers.shop]\nclassic = {}");
    let refusal =
        Cloud::new(&file).refusal(&format!("Action=DescribeListeners&ListenerArns.member.1={WEB}"));
    assert_eq!(refusal.0, Code::ListenerNotFound);
}

#[test]
fn only_what_is_given_changes() {
    let at = "[[listeners]] web";
    for (rest, edits) in [
        ("", vec![]),
        ("&Port=80&Protocol=HTTP", vec![]),
        (FORWARD, vec![]),
        ("&Port=82", vec![r#"name = "web""#, r#"bind = "127.0.0.5:82""#]),
        (
            GONE,
            vec![
                "forward gone",
                "group_stickiness gone",
                r#"fixed_response = { status = 410, content_type = "text/plain" }"#,
            ],
        ),
    ] {
        let edits: Vec<_> = edits.iter().map(|edit| format!("{at} {edit}")).collect();
        let form = format!("Action=ModifyListener&ListenerArn={WEB}{rest}");
        assert_eq!(Cloud::new(FILE).edits(&form), Ok(edits), "{rest}");
    }
}

#[test]
fn what_a_person_wrote_keeps_its_arn_and_what_aws_has_no_words_for() {
    let file = format!(
        "{FILE}\n[target_groups.green]\nid = \"00000000000000e1\"\ntargets = []\n\
         [[listeners]]\nbind = \"127.0.0.7:80\"\nload_balancer = \"blog\"\n\
         forward = {{ blue = 1, green = 1 }}\ngroup_stickiness = {{ failover = true, duration = \"1h\" }}\n"
    );
    let mut cloud = Cloud::new(&file);
    let answer = cloud.call(&format!("Action=DescribeListeners&LoadBalancerArn={BLOG}")).unwrap();
    let arn = answer.split("<ListenerArn>").skip(1).find(|part| part.contains("<Port>80</Port>"));
    let arn = arn.unwrap().split("</ListenerArn>").next().unwrap();
    let id = arn.rsplit('/').next().unwrap();
    let stickiness = "&DefaultActions.member.1.Type=forward\
        &DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn=arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1\
        &DefaultActions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn=arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/00000000000000e1\
        &DefaultActions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=true\
        &DefaultActions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=60";
    let edits =
        cloud.edits(&format!("Action=ModifyListener&ListenerArn={arn}{stickiness}")).unwrap();
    assert_eq!(
        edits,
        [
            r#"[[listeners]] 127.0.0.7-80 name = "127.0.0.7-80""#.to_owned(),
            format!(r#"[[listeners]] 127.0.0.7-80 id = "{id}""#),
            r#"[[listeners]] 127.0.0.7-80 group_stickiness.duration = "60s""#.to_owned(),
        ]
    );
    assert_eq!(
        cloud.edits(&format!(
            "Action=ModifyListener&ListenerArn={arn}{}",
            stickiness.replace("Seconds=60", "Seconds=3600")
        )),
        Ok(vec![])
    );
}

#[test]
fn ports_that_others_have_are_refused() {
    let other = format!(
        "{FILE}\n[[listeners]]\nbind = \"127.0.0.5:81\"\nload_balancer = \"shop\"\nforward = false\n"
    );
    let form = format!("Action=ModifyListener&ListenerArn={WEB}&Port=81");
    assert_eq!(Cloud::new(&other).refusal(&form).0, Code::DuplicateListener);
    let other = other.replace("load_balancer = \"shop\"\nforward = false", "forward = false");
    let (code, message) = Cloud::new(&other).refusal(&form);
    assert_eq!(code, Code::InvalidConfigurationRequest, "{message}");
}

#[test]
fn a_listener_goes_with_its_rules() {
    let mut cloud = Cloud::new(FILE);
    let form = format!("Action=DeleteListener&ListenerArn={WEB}");
    assert_eq!(cloud.edits(&form), Ok(vec!["[[listeners]] web gone".into()]));
    let gone = form.replace("ab2", "ab3");
    assert_eq!(
        cloud.refusal(&gone),
        (Code::ListenerNotFound, "The specified listener does not exist.".into())
    );
    assert_eq!(cloud.call(&form), Ok(String::new()));
}
