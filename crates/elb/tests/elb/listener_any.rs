//! Whatever is asked for of listeners and rules, in whatever order.

use proptest::{collection::vec, prelude::*};

use crate::support::Cloud;

/// With listeners and rules that a person wrote, some of which redirect.
const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"
certificates."arn:1" = { certificate = "1.pem" }
certificates."arn:2" = { certificate = "2.pem" }

[load_balancers.shop]
id = "50dc6c495c0c9188"

[[listeners]]
bind = "0.0.0.0:80"
load_balancer = "shop"
redirect = { path = "/a" }

[[listeners.rules]]
conditions = { path-pattern = "/a" }
forward = { blue = 1, green = 1 }
group_stickiness = true

[[listeners.rules]]
conditions = { path-pattern = "/b" }
redirect = { path = "/a" }

[[listeners]]
bind = "0.0.0.0:443"
load_balancer = "shop"
protocol = "HTTPS"
certificates = [{ certificate = "file.pem" }]
mutual_authentication = { mode = "verify", trust_store = "ca.pem" }
forward = false

[target_groups.blue]
id = "00000000000000b1"
targets = []

[target_groups.green]
id = "00000000000000e1"
targets = []
"#;

const SHOP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const GROUPS: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup";

/// One request, in numbers that its parts are chosen by.
type Step = (u8, usize, usize, usize);

fn arns(cloud: &mut Cloud, form: &str, element: &str) -> Vec<String> {
    let answer = cloud.call(form).unwrap();
    let open = format!("<{element}>");
    let parts = answer.split(&open).skip(1);
    parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

fn listeners(cloud: &mut Cloud) -> Vec<String> {
    arns(cloud, &format!("Action=DescribeListeners&LoadBalancerArn={SHOP}"), "ListenerArn")
}

/// Of all listeners, but for their default ones.
fn rules(cloud: &mut Cloud) -> Vec<String> {
    let mut all = Vec::new();
    for listener in listeners(cloud) {
        let form = format!("Action=DescribeRules&ListenerArn={listener}");
        all.extend(arns(cloud, &form, "RuleArn").into_iter().rev().skip(1));
    }
    all
}

fn pick<T: Clone>(list: &[T], at: usize) -> Option<T> {
    list.get(at.checked_rem(list.len())?).cloned()
}

/// Members of a list of one action, or none.
fn action(list: &str, at: usize) -> String {
    let at_member = format!("&{list}.member.1.");
    let weighted = format!(
        "|Type=forward|ForwardConfig.TargetGroups.member.1.TargetGroupArn={GROUPS}/blue/00000000000000b1\
         |ForwardConfig.TargetGroups.member.2.TargetGroupArn={GROUPS}/green/00000000000000e1"
    );
    let stickiness = "|ForwardConfig.TargetGroupStickinessConfig.Enabled=true|ForwardConfig.TargetGroupStickinessConfig.DurationSeconds";
    let redirect = "|Type=redirect|RedirectConfig.StatusCode=HTTP_302";
    let forms = [
        String::new(),
        format!("|Type=forward|TargetGroupArn={GROUPS}/blue/00000000000000b1"),
        weighted.clone(),
        format!("{weighted}{stickiness}=60"),
        format!("{weighted}{stickiness}=61"),
        format!("{redirect}|RedirectConfig.Path=/a"),
        format!("{redirect}|RedirectConfig.Path=/b|RedirectConfig.Query="),
        format!("{redirect}|RedirectConfig.Protocol=HTTPS|RedirectConfig.Port=443"),
        "|Type=fixed-response|FixedResponseConfig.StatusCode=410".to_owned(),
        "|Type=fixed-response|FixedResponseConfig.StatusCode=200|FixedResponseConfig.MessageBody=\"ok\"".to_owned(),
    ];
    pick(&forms, at).unwrap().replace('|', &at_member)
}

fn condition(at: usize) -> String {
    let forms = [
        "",
        "|1.Field=path-pattern|1.Values.member.1=/a",
        "|1.Field=path-pattern|1.Values.member.1=/*",
        "|1.Field=host-header|1.HostHeaderConfig.RegexValues.member.1=^a\\.",
        "|1.Field=path-pattern|1.PathPatternConfig.Values.member.1=/b|2.Field=http-request-method|2.HttpRequestMethodConfig.Values.member.1=GET",
        "|1.Field=http-header|1.HttpHeaderConfig.HttpHeaderName=X-A|1.HttpHeaderConfig.Values.member.1=\"b\\c\"|2.Field=query-string|2.QueryStringConfig.Values.member.1.Value=1",
    ];
    pick(&forms, at).unwrap().replace('|', "&Conditions.member.")
}

fn transform(at: usize) -> &'static str {
    let forms = [
        "",
        "",
        "&Transforms.member.1.Type=url-rewrite&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Regex=^/(.*)$&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Replace=/x/$1",
        "&Transforms=",
    ];
    pick(&forms, at).unwrap()
}

fn protocol(at: usize) -> &'static str {
    let forms = [
        "",
        "&Protocol=HTTP",
        "&Protocol=HTTPS",
        "&Protocol=HTTPS&Certificates.member.1.CertificateArn=arn:1",
        "&Certificates.member.1.CertificateArn=arn:2&SslPolicy=ELBSecurityPolicy-TLS13-1-3-2021-06&MutualAuthentication.Mode=passthrough",
    ];
    pick(&forms, at).unwrap()
}

fn port(at: usize) -> &'static str {
    pick(&["", "&Port=80", "&Port=81", "&Port=443", "&Port=82"], at).unwrap()
}

/// The request; none where there is nothing to ask it of.
fn form(cloud: &mut Cloud, (verb, a, b, c): Step) -> Option<String> {
    let listener = pick(&listeners(cloud), a);
    let rule = pick(&rules(cloud), a);
    Some(match verb {
        0 => format!(
            "Action=CreateListener&LoadBalancerArn={SHOP}{}{}{}",
            port(a),
            protocol(b),
            action("DefaultActions", c)
        ),
        1 => format!(
            "Action=ModifyListener&ListenerArn={}{}{}{}",
            listener?,
            port(b),
            protocol(c),
            action("DefaultActions", b)
        ),
        2 => format!("Action=DeleteListener&ListenerArn={}", listener?),
        3 => format!(
            "Action=CreateRule&ListenerArn={}&Priority={}{}{}{}",
            listener?,
            b % 5 + 1,
            condition(c),
            action("Actions", b),
            transform(c)
        ),
        4 => format!(
            "Action=ModifyRule&RuleArn={}{}{}{}",
            rule?,
            condition(b),
            action("Actions", c),
            transform(b)
        ),
        5 => format!("Action=DeleteRule&RuleArn={}", rule?),
        6 => {
            let other = pick(&rules(cloud), b);
            format!(
                "Action=SetRulePriorities&RulePriorities.member.1.RuleArn={}&RulePriorities.member.1.Priority={}&RulePriorities.member.2.RuleArn={}&RulePriorities.member.2.Priority={}",
                rule?,
                c % 5 + 1,
                other?,
                b % 5 + 1
            )
        }
        _ => format!(
            "Action=AddListenerCertificates&ListenerArn={}&Certificates.member.1.CertificateArn=arn:{}",
            listener?,
            b % 2 + 1
        ),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_file_loads_again_and_arns_stay(
        steps in vec((0..8_u8, 0..20_usize, 0..20_usize, 0..20_usize), 1..16)
    ) {
        let mut cloud = Cloud::new(FILE);
        for step in steps {
            let Some(form) = form(&mut cloud, step) else { continue };
            let before: Vec<_> = [listeners(&mut cloud), rules(&mut cloud)].concat();
            let text = cloud.text.clone();
            let answer = cloud.call(&form);
            let after: Vec<_> = [listeners(&mut cloud), rules(&mut cloud)].concat();
            let gone = before.iter().filter(|arn| !after.contains(arn)).count();
            match answer {
                Err(_) => prop_assert_eq!(&cloud.text, &text, "{}", form),
                Ok(_) if form.contains("Action=Delete") => prop_assert!(gone > 0, "{}", form),
                Ok(_) => {
                    prop_assert_eq!(gone, 0, "{} took an ARN away from\n{}", form, text);
                    // A rule is made as often as it is asked for, if its priority lets it be.
                    if !form.contains("Action=CreateRule") {
                        let again = cloud.edits(&form);
                        prop_assert_eq!(again, Ok(vec![]), "{}\n{}", form, cloud.text);
                    }
                }
            }
        }
    }
}
