//! Conditions and transforms of rules, in every form that a request may have.

use crate::support::Cloud;

const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"

[load_balancers.shop]
id = "50dc6c495c0c9188"

[[listeners]]
name = "web"
id = "f2f7dc8efc522ab2"
bind = "0.0.0.0:80"
load_balancer = "shop"
fixed_response = { status = 404 }

[target_groups.blue]
id = "00000000000000b1"
targets = []
"#;

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                        listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const BLUE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1";

/// A request for a rule with these conditions, `|` before each member, and whatever else is in it.
fn form(conditions: &str) -> String {
    let conditions = conditions.replace('|', "&Conditions.member.");
    format!(
        "Action=CreateRule&ListenerArn={LISTENER}&Priority=7&Actions.member.1.Type=forward\
         &Actions.member.1.TargetGroupArn={BLUE}{conditions}"
    )
}

#[test]
fn conditions_are_written_in_the_words_of_the_file() {
    for (conditions, written) in [
        (
            "|1.Field=path-pattern|1.PathPatternConfig.Values.member.1=/a/*|1.PathPatternConfig.Values.member.2=/b",
            r#"{ path-pattern = ["/a/*", "/b"] }"#,
        ),
        ("|1.Field=path-pattern|1.Values.member.1=/a", r#"{ path-pattern = ["/a"] }"#),
        (
            "|1.Field=host-header|1.HostHeaderConfig.RegexValues.member.1=^a[.]example$",
            r#"{ host-header = { regex_values = ["^a[.]example$"] } }"#,
        ),
        (
            "|1.Field=http-header|1.HttpHeaderConfig.HttpHeaderName=User-Agent|1.HttpHeaderConfig.Values.member.1=*Chrome*\
             |1.HttpHeaderConfig.RegexValues.member.1=Fire.*",
            r#"{ http-header = { User-Agent = { values = ["*Chrome*"], regex_values = ["Fire.*"] } } }"#,
        ),
        (
            "|1.Field=http-request-method|1.HttpRequestMethodConfig.Values.member.1=GET|1.HttpRequestMethodConfig.Values.member.2=HEAD",
            r#"{ http-request-method = ["GET", "HEAD"] }"#,
        ),
        (
            "|1.Field=query-string|1.QueryStringConfig.Values.member.1.Key=v|1.QueryStringConfig.Values.member.1.Value=1\
             |1.QueryStringConfig.Values.member.2.Value=a%3Db",
            r#"{ query-string = [{ key = "v", value = "1" }, { value = "a=b" }] }"#,
        ),
        (
            "|1.Field=source-ip|1.SourceIpConfig.Values.member.1=10.0.0.0/8|1.SourceIpConfig.Values.member.2=fd00::/8",
            r#"{ source-ip = ["10.0.0.0/8", "fd00::/8"] }"#,
        ),
        (
            "|1.Field=host-header|1.Values.member.1=a.example|2.Field=path-pattern|2.Values.member.1=/a",
            r#"{ host-header = ["a.example"], path-pattern = ["/a"] }"#,
        ),
        (
            "|1.Field=query-string|1.QueryStringConfig.Values.member.1.Value=a|2.Field=query-string|2.QueryStringConfig.Values.member.1.Value=b",
            r#"[{ query-string = [{ value = "a" }] }, { query-string = [{ value = "b" }] }]"#,
        ),
    ] {
        let mut cloud = Cloud::new(FILE);
        let edits = cloud.edits(&form(conditions)).unwrap();
        let [edit] = edits.as_slice() else { panic!("{conditions}: {edits:?}") };
        let start = format!(
            "[[listeners.rules]] web 7 new: priority = 7, conditions = {written}, forward = \"blue\", id = "
        );
        assert!(edit.starts_with(&start), "{conditions}: {edit}");
        // What the file says then is what was asked for.
        let answer = cloud.call(&form(conditions)).unwrap();
        let arn = answer.split("<RuleArn>").nth(1).unwrap().split('<').next().unwrap();
        let again = conditions.replace('|', "&Conditions.member.");
        let again = cloud.edits(&format!("Action=ModifyRule&RuleArn={arn}{again}"));
        assert_eq!(again, Ok(vec![]), "{}", cloud.text);
    }
}

#[test]
fn conditions_that_cannot_be_are_refused() {
    let long = "x".repeat(129);
    let host = |text: &str| format!("|1.Field=host-header|1.Values.member.1={text}");
    let path = |text: &str| format!("|1.Field=path-pattern|1.Values.member.1={text}");
    let list = |count: usize, text: &str| -> String {
        let one = |at: usize| format!("|1.PathPatternConfig.Values.member.{at}={text}{at}");
        "|1.Field=path-pattern".to_owned() + &(1..=count).map(one).collect::<String>()
    };
    for (conditions, message) in [
        ("&Conditions=".to_owned(), "A condition must be specified"),
        ("|1.Values.member.1=/a".into(), "1 validation error detected: Value null at 'conditions.1.member.field' failed to satisfy constraint: Member must not be null"),
        ("|1.Field=colour".into(), "Condition field 'colour' must be one of '[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]'"),
        ("|1.Field=host-header".into(), "A condition value must be specified"),
        ("|1.Field=host-header|1.HostHeaderConfig.Values=".into(), "A condition value must be specified"),
        (host(&long), "The 'host-header' value is too long; the limit is '128'"),
        (path(&format!("/{long}")), "The 'path-pattern' value is too long; the limit is '128'"),
        (host("one|1.Values.member.2=two"), "The 'host-header' field contains too many values; the limit is '1'"),
        (path("/a|1.PathPatternConfig.Values.member.1=/a"), "You cannot provide both Values and 'PathPatternConfig' for a condition of type 'path-pattern'"),
        (path("/a|1.HostHeaderConfig.Values.member.1=/a"), "The 'HostHeaderConfig' field is not compatible with 'path-pattern'"),
        ("|1.Field=source-ip|1.Values.member.1=10.0.0.0/8".into(), "The 'Values' field is not compatible with 'source-ip'"),
        (host("localhost"), "The 'host-header' value is invalid; \"localhost\" has no dot, so no host is like it: write all of the name, as \"shop.example\""),
        (path("/a/../b"), "The 'path-pattern' value is invalid; \"/a/../b\" is like no path, since rules see paths without dot segments and needless escapes: write \"/b\", or path_normalization = false in the load balancer"),
        ("|1.Field=http-header".into(), "A 'HttpHeaderConfig' must be specified with 'http-header'"),
        ("|1.Field=http-header|1.HttpHeaderConfig.HttpHeaderName=Host|1.HttpHeaderConfig.Values.member.1=a".into(), "The 'http-header' value is invalid; http-header cannot look at Host: use host-header"),
        (format!("|1.Field=http-header|1.HttpHeaderConfig.HttpHeaderName={}|1.HttpHeaderConfig.Values.member.1=a", "x".repeat(41)), "The 'HttpHeaderName' value is too long; the limit is '40'"),
        ("|1.Field=http-request-method".into(), "A 'HttpRequestMethodConfig' must be specified with 'http-request-method'"),
        ("|1.Field=http-request-method|1.HttpRequestMethodConfig.Values.member.1=get".into(), "The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore"),
        (format!("|1.Field=http-request-method|1.HttpRequestMethodConfig.Values.member.1={}", "X".repeat(41)), "The 'http-request-method' value is too long; the limit is '40'"),
        ("|1.Field=query-string".into(), "A 'QueryStringConfig' must be specified with 'query-string'"),
        ("|1.Field=query-string|1.QueryStringConfig.Values.member.1.Key=a".into(), "A 'Value' must be specified in 'QueryStringKeyValuePair'"),
        (format!("|1.Field=query-string|1.QueryStringConfig.Values.member.1.Value={long}"), "The 'Value' value is too long; the limit is '128'"),
        ("|1.Field=source-ip".into(), "A 'SourceIpConfig' must be specified with 'source-ip'"),
        ("|1.Field=source-ip|1.SourceIpConfig.Values=".into(), "A 'source-ip' value must be specified"),
        ("|1.Field=source-ip|1.SourceIpConfig.Values.member.1=10.0.0.1".into(), "The 'source-ip' value '10.0.0.1' is invalid; write a CIDR block such as '192.0.2.0/24'"),
        ("|1.Field=source-ip|1.SourceIpConfig.Values.member.1=255.255.255.255/32".into(), "The 'source-ip' value is invalid; 255.255.255.255/32 is nobody's address: write the network of the clients"),
        ("|1.Field=host-header|1.HostHeaderConfig.RegexValues.member.1=(".into(), "The 'host-header' value is invalid; \"(\" is not a regular expression, unclosed group: there are no look-around, back references, atomic groups, possessive quantifiers and \\p classes"),
        (host("a.example|2.Field=host-header|2.Values.member.1=b.example"), "A rule can only have one 'host-header' condition"),
        (list(21, "/"), "A rule can only have '20' condition values"),
        (list(6, "/*"), "A rule can only have '5' condition wildcards"),
    ] {
        let (code, said) = Cloud::new(FILE).refusal(&form(&conditions));
        assert_eq!(code.as_str(), "ValidationError", "{conditions}");
        assert_eq!(said, message, "{conditions}");
    }
}

#[test]
fn answers_show_conditions_for_programs_of_either_age() {
    for (written, shown) in [
        (
            r#"host-header = "a.example""#,
            "<Field>host-header</Field><Values><member>a.example</member></Values>\
             <HostHeaderConfig><Values><member>a.example</member></Values></HostHeaderConfig>",
        ),
        (
            r#"path-pattern = { values = "/a", regex_values = "^/b" }"#,
            "<Field>path-pattern</Field><Values><member>/a</member></Values><PathPatternConfig>\
             <Values><member>/a</member></Values><RegexValues><member>^/b</member></RegexValues></PathPatternConfig>",
        ),
        (
            r#"path-pattern = { regex_values = "^/b" }"#,
            "<Field>path-pattern</Field><PathPatternConfig><RegexValues><member>^/b</member></RegexValues></PathPatternConfig>",
        ),
        (
            r#"http-header = { User-Agent = "*Chrome*" }"#,
            "<Field>http-header</Field><HttpHeaderConfig><HttpHeaderName>User-Agent</HttpHeaderName>\
             <Values><member>*Chrome*</member></Values></HttpHeaderConfig>",
        ),
        (
            r#"http-request-method = "GET""#,
            "<Field>http-request-method</Field><HttpRequestMethodConfig><Values><member>GET</member></Values></HttpRequestMethodConfig>",
        ),
        (
            r#"query-string = ["v=1", "2"]"#,
            "<Field>query-string</Field><QueryStringConfig><Values><member><Key>v</Key><Value>1</Value></member>\
             <member><Value>2</Value></member></Values></QueryStringConfig>",
        ),
        (
            r#"source-ip = "192.0.2.1""#,
            "<Field>source-ip</Field><SourceIpConfig><Values><member>192.0.2.1/32</member></Values></SourceIpConfig>",
        ),
    ] {
        let rule =
            format!("[[listeners.rules]]\nconditions = {{ {written} }}\nforward = \"blue\"\n");
        let file = FILE.replace("[target_groups", &format!("{rule}[target_groups"));
        let answer = Cloud::new(&file)
            .call(&format!("Action=DescribeRules&ListenerArn={LISTENER}"))
            .unwrap();
        let expected = format!("<Conditions><member>{shown}</member></Conditions>");
        assert!(answer.contains(&expected), "{written}: {answer}");
    }
}

#[test]
fn transforms_are_written_in_the_words_of_the_file() {
    const RULE: &str = "|1.Field=path-pattern|1.Values.member.1=/a/*";
    const AT: &str = "&Transforms.member.";
    for (transforms, written) in [
        (
            "^1.Type=url-rewrite^1.UrlRewriteConfig.Rewrites.member.1.Regex=^/a/(.*)$^1.UrlRewriteConfig.Rewrites.member.1.Replace=/$1",
            r#"{ url-rewrite = { regex = "^/a/(.*)$", replace = "/$1" } }"#,
        ),
        (
            "^1.Type=url-rewrite^1.UrlRewriteConfig.Rewrites.member.1.Regex=a^1.UrlRewriteConfig.Rewrites.member.1.Replace=b\
             ^2.Type=host-header-rewrite^2.HostHeaderRewriteConfig.Rewrites.member.1.Regex=c^2.HostHeaderRewriteConfig.Rewrites.member.1.Replace=",
            r#"{ host-header-rewrite = { regex = "c", replace = "" }, url-rewrite = { regex = "a", replace = "b" } }"#,
        ),
    ] {
        // `^` stands at a member and in an expression; here it is a place where a digit follows.
        let transforms =
            transforms.replace("^1.", &format!("{AT}1.")).replace("^2.", &format!("{AT}2."));
        let edits = Cloud::new(FILE).edits(&form(&format!("{RULE}{transforms}"))).unwrap();
        assert!(
            edits[0].contains(&format!("transforms = {written}, id")),
            "{transforms}: {edits:?}"
        );
    }
    let rewrite = |config: &str, regex: &str, replace: &str| {
        format!(
            "{AT}1.{config}.Rewrites.member.1.Regex={regex}{AT}1.{config}.Rewrites.member.1.Replace={replace}"
        )
    };
    let url = format!("{AT}1.Type=url-rewrite");
    for (transforms, message) in [
        (
            format!("{AT}1.Type=body"),
            "1 validation error detected: Value 'body' at 'transforms.1.member.type' failed to satisfy constraint: Member must satisfy enum value set: [host-header-rewrite, url-rewrite]",
        ),
        (
            url.clone(),
            "You must specify 'UrlRewriteConfig' with exactly one rewrite for a transform of type 'url-rewrite'",
        ),
        (
            url.clone() + &rewrite("HostHeaderRewriteConfig", "a", "b"),
            "'HostHeaderRewriteConfig' cannot be specified for a transform of type 'url-rewrite'",
        ),
        (
            url.clone() + &rewrite("UrlRewriteConfig", "a", "$1"),
            "The transform of type 'url-rewrite' is not valid; replace speaks of $1, but the last group of the regular expression is $0: put parentheses around what it is to stand for",
        ),
        (
            [1, 2]
                .map(|at| {
                    (url.clone() + &rewrite("UrlRewriteConfig", "a", "b"))
                        .replace("member.1.T", &format!("member.{at}.T"))
                        .replace("member.1.U", &format!("member.{at}.U"))
                })
                .concat(),
            "A rule can only have one transform of type 'url-rewrite'",
        ),
    ] {
        let (code, said) = Cloud::new(FILE).refusal(&form(&format!("{RULE}{transforms}")));
        assert_eq!((code.as_str(), said.as_str()), ("ValidationError", message), "{transforms}");
    }
}
