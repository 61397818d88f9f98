//! Actions of listeners and rules, in every form that a request may have.

use clingfish_elb::Code;

use crate::support::Cloud;

const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"
certificates."arn:aws:acm:eu-central-1:123456789012:certificate/1" = { certificate = "a.pem" }

[load_balancers.shop]
id = "50dc6c495c0c9188"

[target_groups.blue]
id = "00000000000000b1"
targets = []

[target_groups.green]
id = "00000000000000e1"
targets = []

[target_groups.sticky]
id = "0000000000000057"
targets = []
stickiness = { style = "alb" }
"#;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const BLUE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1";
const GREEN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/00000000000000e1";
const STICKY: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/sticky/0000000000000057";
const HTTPS: &str = "&Protocol=HTTPS&Certificates.member.1.CertificateArn=arn:aws:acm:eu-central-1:123456789012:certificate/1";

/// A request with one default action, of which this is the rest. `|` stands for its place, and `^` for that of groups.
fn form(action: &str) -> String {
    let action = action
        .replace('|', "&DefaultActions.member.1.")
        .replace('^', "&DefaultActions.member.1.ForwardConfig.TargetGroups.member.");
    format!("Action=CreateListener&LoadBalancerArn={BALANCER}&Port=8080&Protocol=HTTP{action}")
}

fn with_https(action: &str) -> String {
    form(action).replace("&Protocol=HTTP", HTTPS)
}

#[test]
fn actions_are_written_in_the_words_of_the_file() {
    let fixed = "|Type=fixed-response|FixedResponseConfig.StatusCode=";
    let redirect = "|Type=redirect|RedirectConfig.StatusCode=HTTP_30";
    let sticky = "|ForwardConfig.TargetGroupStickinessConfig";
    for (action, written) in [
        (format!("|Type=forward|TargetGroupArn={BLUE}"), r#"forward = "blue""#),
        (format!("|Type=forward|TargetGroupArn={BLUE}|Order=1"), r#"forward = "blue""#),
        (format!("|Type=forward^1.TargetGroupArn={BLUE}"), r#"forward = "blue""#),
        (
            format!("|Type=forward|TargetGroupArn={BLUE}^1.TargetGroupArn={BLUE}^1.Weight=5"),
            "forward = { blue = 5 }",
        ),
        (
            format!(
                "|Type=forward^1.TargetGroupArn={BLUE}^1.Weight=999^2.TargetGroupArn={GREEN}^2.Weight=0"
            ),
            "forward = { blue = 999, green = 0 }",
        ),
        (
            format!(
                "|Type=forward^1.TargetGroupArn={BLUE}^2.TargetGroupArn={STICKY}{sticky}.Enabled=true{sticky}.DurationSeconds=60"
            ),
            r#"forward = { blue = 1, sticky = 1 }, group_stickiness = { duration = "60s", style = "alb" }"#,
        ),
        (
            format!("|Type=forward^1.TargetGroupArn={STICKY}{sticky}.Enabled=false"),
            r#"forward = "sticky""#,
        ),
        (
            format!("{redirect}1|RedirectConfig.Protocol=HTTPS|RedirectConfig.Port=443"),
            r#"redirect = { protocol = "HTTPS", port = 443, status = 301 }"#,
        ),
        (
            format!(
                "{redirect}2|RedirectConfig.Host=www.%23{{host}}|RedirectConfig.Path=/a/%23{{path}}|RedirectConfig.Query="
            ),
            r##"redirect = { port = "#{port}", host = "www.#{host}", path = "/a/#{path}", query = "", status = 302 }"##,
        ),
        (
            format!("{fixed}404"),
            r#"fixed_response = { status = 404, content_type = "text/plain" }"#,
        ),
        (
            format!(
                "{fixed}503|FixedResponseConfig.ContentType=text/html|FixedResponseConfig.MessageBody=<p>later"
            ),
            r#"fixed_response = { status = 503, content_type = "text/html", body = "<p>later" }"#,
        ),
    ] {
        let mut cloud = Cloud::new(FILE);
        let edits = cloud.edits(&form(&action)).unwrap();
        let [edit] = edits.as_slice() else { panic!("{action}: {edits:?}") };
        let expected = format!(r#"protocol = "HTTP", {written}, id = "#);
        assert!(edit.contains(&expected), "{action}: {edit}");
        // What the file says then is what was asked for.
        cloud.call(&form(&action)).unwrap();
        assert_eq!(cloud.edits(&form(&action)), Ok(vec![]), "{}", cloud.text);
    }
}

#[test]
fn forwards_that_cannot_be_are_refused() {
    let gone = BLUE.replace("b1", "b2");
    let six: String = (1..=6).map(|at| format!("^{at}.TargetGroupArn={BLUE}")).collect();
    let both = format!("^1.TargetGroupArn={BLUE}^2.TargetGroupArn={STICKY}");
    let sticky = "|ForwardConfig.TargetGroupStickinessConfig";
    let invalid = Code::InvalidLoadBalancerAction;
    for (action, code, message) in [
        (
            "".to_owned(),
            invalid,
            "You must specify 'TargetGroupArn' or 'ForwardConfig' for an action of type 'forward'",
        ),
        (
            format!("|TargetGroupArn={gone}"),
            Code::TargetGroupNotFound,
            &*format!("Target group '{gone}' not found"),
        ),
        (
            format!("|TargetGroupArn={BLUE}^1.TargetGroupArn={GREEN}"),
            invalid,
            "'TargetGroupArn' and 'ForwardConfig' must name the same target group when both are specified",
        ),
        (
            format!("^1.TargetGroupArn={BLUE}^1.Weight=1000"),
            Code::ValidationError,
            "1 validation error detected: Value '1000' at 'defaultActions.1.member.forwardConfig.targetGroups.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 999",
        ),
        (six, invalid, "An action of type 'forward' must have between 1 and 5 target groups"),
        (
            format!("^1.TargetGroupArn={BLUE}^2.TargetGroupArn={BLUE}"),
            invalid,
            "The target group 'blue' is specified more than once",
        ),
        (
            format!("^1.TargetGroupArn={BLUE}^1.Weight=0"),
            invalid,
            "The target groups are not valid: all weights are 0, so no request goes anywhere: give one group a weight",
        ),
        (
            both.clone(),
            Code::InvalidConfigurationRequest,
            "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups",
        ),
        (
            format!("{both}{sticky}.Enabled=true"),
            Code::ValidationError,
            "Target group stickiness duration must be between 1 and 604800 seconds",
        ),
        (
            format!("{both}{sticky}.Enabled=true{sticky}.DurationSeconds=604801"),
            Code::ValidationError,
            "Target group stickiness duration must be between 1 and 604800 seconds",
        ),
        (
            format!("|TargetGroupArn={BLUE}|RedirectConfig.StatusCode=HTTP_301"),
            invalid,
            "'RedirectConfig' cannot be specified for an action of type 'forward'",
        ),
    ] {
        let form = form(&format!("|Type=forward{action}"));
        assert_eq!(Cloud::new(FILE).refusal(&form), (code, message.to_owned()), "{action}");
    }
}

#[test]
fn redirects_that_cannot_be_are_refused() {
    let invalid = Code::InvalidLoadBalancerAction;
    let loops = "The redirect configuration is not valid because it creates a loop.";
    for (action, code, message) in [
        ("", invalid, "You must specify 'RedirectConfig' for an action of type 'redirect'"),
        ("^StatusCode=HTTP_301", invalid, loops),
        ("^StatusCode=HTTP_301^Protocol=HTTP^Port=8080^Query=a", invalid, loops),
        (
            "^StatusCode=HTTP_303^Port=1",
            Code::ValidationError,
            "1 validation error detected: Value 'HTTP_303' at 'defaultActions.1.member.redirectConfig.statusCode' failed to satisfy constraint: Member must satisfy enum value set: [HTTP_301, HTTP_302]",
        ),
        (
            "^Port=1",
            Code::ValidationError,
            "1 validation error detected: Value null at 'defaultActions.1.member.redirectConfig.statusCode' failed to satisfy constraint: Member must not be null",
        ),
        (
            "^StatusCode=HTTP_301^Protocol=ftp",
            Code::ValidationError,
            r"1 validation error detected: Value 'ftp' at 'defaultActions.1.member.redirectConfig.protocol' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(HTTPS?|#\{protocol\})$",
        ),
        (
            "^StatusCode=HTTP_301^Port=0",
            invalid,
            r##"The redirect configuration is not valid: "0" is no port: write a number from 1 to 65535, or "#{port}""##,
        ),
        (
            "^StatusCode=HTTP_301^Path=a",
            invalid,
            r#"The redirect configuration is not valid: the path "a" does not begin with a slash: write "/a""#,
        ),
        (
            "^StatusCode=HTTP_301^Host=%23{name}",
            invalid,
            "The redirect configuration is not valid: \"#{name}\" is no placeholder: there are #{protocol}, #{host}, #{port}, #{path} and #{query}",
        ),
    ] {
        let action = format!("|Type=redirect{}", action.replace('^', "|RedirectConfig."));
        let refusal = Cloud::new(FILE).refusal(&form(&action));
        assert_eq!(refusal, (code, message.to_owned()), "{action}");
    }
    let downgrade =
        "|Type=redirect|RedirectConfig.StatusCode=HTTP_301|RedirectConfig.Protocol=HTTP";
    let message = "The redirect configuration is not valid: you cannot redirect HTTPS to HTTP.";
    assert_eq!(Cloud::new(FILE).refusal(&with_https(downgrade)), (invalid, message.to_owned()));
}

#[test]
fn answers_of_our_own_that_cannot_be_are_refused() {
    let invalid = Code::InvalidLoadBalancerAction;
    for (action, code, message) in [
        (
            "",
            invalid,
            "You must specify 'FixedResponseConfig' for an action of type 'fixed-response'",
        ),
        (
            "^StatusCode=302",
            Code::ValidationError,
            r"1 validation error detected: Value '302' at 'defaultActions.1.member.fixedResponseConfig.statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(2|4|5)\d\d$",
        ),
        (
            "^StatusCode=200^ContentType=image/png",
            invalid,
            "The ContentType must be one of:'text/html', 'application/json', 'application/javascript', 'text/css', 'text/plain'",
        ),
        (
            "^StatusCode=204^MessageBody=x",
            invalid,
            "The fixed response is not valid: status 204 has no body: remove it, or use 200",
        ),
    ] {
        let action =
            format!("|Type=fixed-response{}", action.replace('^', "|FixedResponseConfig."));
        let refusal = Cloud::new(FILE).refusal(&form(&action));
        assert_eq!(refusal, (code, message.to_owned()), "{action}");
    }
}

#[test]
fn there_is_one_action_of_a_type_that_there_is() {
    let forward = format!("|Type=forward|TargetGroupArn={BLUE}");
    let second = "&DefaultActions.member.2.Type=fixed-response&DefaultActions.member.2.FixedResponseConfig.StatusCode=404";
    for (action, code, message) in [
        (
            String::new(),
            Code::ValidationError,
            "1 validation error detected: Value null at 'defaultActions' failed to satisfy constraint: Member must not be null",
        ),
        (
            "&DefaultActions=".into(),
            Code::ValidationError,
            "You must specify an action of type 'forward', 'redirect' or 'fixed-response'",
        ),
        (
            format!("{forward}{second}"),
            Code::TooManyActions,
            "Only one action of type 'forward', 'redirect' or 'fixed-response' can be specified",
        ),
        (
            format!("{forward}|Order=50001"),
            Code::ValidationError,
            "1 validation error detected: Value '50001' at 'defaultActions.1.member.order' failed to satisfy constraint: Member must have value less than or equal to 50000",
        ),
        (
            "|Type=teapot".into(),
            Code::ValidationError,
            "1 validation error detected: Value 'teapot' at 'defaultActions.1.member.type' failed to satisfy constraint: Member must satisfy enum value set: [forward, redirect, fixed-response]",
        ),
        (
            "|Type=authenticate-oidc|AuthenticateOidcConfig.Issuer=x".into(),
            Code::InvalidLoadBalancerAction,
            "Actions of type 'authenticate-oidc' are not supported: nothing here authenticates clients",
        ),
        (
            "|Type=jwt-validation".into(),
            Code::InvalidLoadBalancerAction,
            "Actions of type 'jwt-validation' are not supported: nothing here authenticates clients",
        ),
        (
            format!("{forward}|Colour=red"),
            Code::InvalidQueryParameter,
            "The parameter DefaultActions.member.1.Colour is not recognized by this action.",
        ),
    ] {
        let refusal = Cloud::new(FILE).refusal(&form(&action));
        assert_eq!(refusal, (code, message.to_owned()), "{action}");
    }
}

#[test]
fn answers_show_actions_as_aws_does_whoever_wrote_them() {
    let group = |arn: &str, weight| {
        format!("<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>")
    };
    for (written, shown) in [
        (
            r#"forward = "blue""#,
            format!(
                "<Type>forward</Type><Order>1</Order><TargetGroupArn>{BLUE}</TargetGroupArn><ForwardConfig><TargetGroups>{}</TargetGroups>\
                 <TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig></ForwardConfig>",
                group(BLUE, 1)
            ),
        ),
        (
            "forward = { blue = 9, green = 1 }\ngroup_stickiness = true",
            format!(
                "<Type>forward</Type><Order>1</Order><ForwardConfig><TargetGroups>{}{}</TargetGroups><TargetGroupStickinessConfig>\
                 <Enabled>true</Enabled><DurationSeconds>3600</DurationSeconds></TargetGroupStickinessConfig></ForwardConfig>",
                group(BLUE, 9),
                group(GREEN, 1)
            ),
        ),
        (
            r#"redirect = "https""#,
            "<Type>redirect</Type><Order>1</Order><RedirectConfig><Protocol>HTTPS</Protocol><Port>443</Port><Host>#{host}</Host>\
             <Path>/#{path}</Path><Query>#{query}</Query><StatusCode>HTTP_301</StatusCode></RedirectConfig>"
                .into(),
        ),
        (
            r#"redirect = { host = "a.example", status = 302 }"#,
            "<Type>redirect</Type><Order>1</Order><RedirectConfig><Protocol>#{protocol}</Protocol><Port>#{port}</Port>\
             <Host>a.example</Host><Path>/#{path}</Path><Query>#{query}</Query><StatusCode>HTTP_302</StatusCode></RedirectConfig>"
                .into(),
        ),
        (
            "fixed_response = { status = 503, body = \"<p>\", content_type = \"text/html\" }",
            "<Type>fixed-response</Type><Order>1</Order><FixedResponseConfig><MessageBody>&lt;p&gt;</MessageBody>\
             <StatusCode>503</StatusCode><ContentType>text/html</ContentType></FixedResponseConfig>"
                .into(),
        ),
        (
            "forward = false",
            "<Type>fixed-response</Type><Order>1</Order><FixedResponseConfig><StatusCode>404</StatusCode>\
             <ContentType>text/plain</ContentType></FixedResponseConfig>"
                .into(),
        ),
    ] {
        let listener =
            format!("[[listeners]]\nbind = \"0.0.0.0:80\"\nload_balancer = \"shop\"\n{written}\n");
        let mut cloud = Cloud::new(&format!("{FILE}{listener}"));
        let form = format!("Action=DescribeListeners&LoadBalancerArn={BALANCER}");
        let answer = cloud.call(&form).unwrap();
        let expected = format!("<DefaultActions><member>{shown}</member></DefaultActions>");
        assert!(answer.contains(&expected), "{written}: {answer}");
    }
}

#[test]
fn the_order_of_groups_is_no_difference() {
    let mut cloud = Cloud::new(FILE);
    let groups = |one: &str, other: &str| {
        form(&format!("|Type=forward^1.TargetGroupArn={one}^2.TargetGroupArn={other}"))
    };
    let first = cloud.call(&groups(GREEN, BLUE)).unwrap();
    for again in [groups(GREEN, BLUE), groups(BLUE, GREEN)] {
        assert_eq!(cloud.edits(&again).unwrap(), [""; 0], "{again}");
        assert_eq!(cloud.call(&again).unwrap(), first, "{again}");
    }
}
