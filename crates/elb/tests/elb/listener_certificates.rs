//! HTTPS listeners: their certificates, policies and mutual authentication.

use clingfish_elb::Code;

use crate::support::Cloud;

const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"
certificates."arn:1" = { certificate = "1.pem" }
certificates."arn:2" = { certificate = "2.pem" }
trust_stores."arn:store" = { authorities = "ca.pem" }

[load_balancers.shop]
id = "50dc6c495c0c9188"

[[listeners]]
name = "web"
id = "f2f7dc8efc522ab2"
bind = "0.0.0.0:443"
load_balancer = "shop"
protocol = "HTTPS"
certificates = [{ arn = "arn:1" }, { certificate = "file.pem", key = "file.key" }]
tls_min_version = "1.3"
forward = false

[[listeners]]
name = "plain"
id = "f2f7dc8efc522ab3"
bind = "0.0.0.0:80"
load_balancer = "shop"
redirect = "https"
h2c = true
"#;

const SHOP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188";
const WEB: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                   listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
/// Made of the paths of `file.pem` and `file.key`; it never changes.
const OF_FILES: &str =
    "arn:aws:acm:eu-central-1:123456789012:certificate/73f3d6d6-ac35-d8f7-886b-e3982f8ab063";
const GONE: &str = "&DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=410";

fn create(rest: &str) -> String {
    format!("Action=CreateListener&LoadBalancerArn={SHOP}&Port=444&Protocol=HTTPS{GONE}{rest}")
        .replace('|', "&Certificates.member.")
        .replace('^', "&MutualAuthentication.")
}

fn modify(listener: &str, rest: &str) -> String {
    format!("Action=ModifyListener&ListenerArn={listener}{rest}")
        .replace('|', "&Certificates.member.")
        .replace('^', "&MutualAuthentication.")
}

#[test]
fn a_new_https_listener_says_its_certificate_policy_and_trust_store() {
    let default = r#"ssl_policy = "ELBSecurityPolicy-2016-08", tls_min_version = "1.2""#;
    for (rest, written) in [
        ("|1.CertificateArn=arn:2".to_owned(), format!(r#"certificates = [{{ arn = "arn:2" }}], {default}, fixed"#)),
        (format!("|1.CertificateArn={OF_FILES}"), format!(r#"certificates = [{{ certificate = "file.pem", key = "file.key" }}], {default}, fixed"#)),
        (
            "|1.CertificateArn=arn:2&SslPolicy=ELBSecurityPolicy-TLS13-1-3-2021-06".into(),
            r#"ssl_policy = "ELBSecurityPolicy-TLS13-1-3-2021-06", tls_min_version = "1.3", fixed"#.into(),
        ),
        (
            "|1.CertificateArn=arn:2^Mode=verify^TrustStoreArn=arn:store^IgnoreClientCertificateExpiry=true^AdvertiseTrustStoreCaNames=on".into(),
            r#"mutual_authentication = { mode = "verify", trust_store_arn = "arn:store", ignore_client_certificate_expiry = true, advertise_trust_store_ca_names = true }, fixed"#.into(),
        ),
        ("|1.CertificateArn=arn:2^Mode=passthrough".into(), r#"mutual_authentication = { mode = "passthrough" }"#.into()),
    ] {
        let edits = Cloud::new(FILE).edits(&create(&rest)).unwrap();
        assert!(edits[0].contains(&written), "{rest}: {edits:?}");
    }
}

#[test]
fn what_a_handshake_could_not_do_without_is_refused() {
    let one = "You must provide a list containing exactly one certificate if the listener protocol is HTTPS.";
    let with = |rest: &str| format!("|1.CertificateArn=arn:2{rest}");
    for (rest, code, message) in [
        (String::new(), Code::ValidationError, one),
        ("&Certificates=".into(), Code::ValidationError, one),
        (with("|2.CertificateArn=arn:1"), Code::ValidationError, one),
        (
            "|1.CertificateArn=arn:9".into(),
            Code::CertificateNotFound,
            "Certificate arn:9 not found",
        ),
        (with("&SslPolicy=Mine"), Code::SSLPolicyNotFound, "SSL policy 'Mine' not found"),
        (
            with("^Mode=maybe"),
            Code::ValidationError,
            "1 validation error detected: Value 'maybe' at 'mutualAuthentication.mode' failed to satisfy constraint: Member must satisfy enum value set: [off, passthrough, verify]",
        ),
        (
            with("^Mode=verify"),
            Code::ValidationError,
            "You must specify a trust store ARN when the mutual authentication mode is 'verify'",
        ),
        (
            with("^Mode=verify^TrustStoreArn=arn:9"),
            Code::TrustStoreNotFound,
            "Trust store 'arn:9' not found",
        ),
        (
            with("^Mode=off^TrustStoreArn=arn:store"),
            Code::ValidationError,
            "'TrustStoreArn' can only be specified when the mutual authentication mode is 'verify'",
        ),
    ] {
        assert_eq!(Cloud::new(FILE).refusal(&create(&rest)), (code, message.to_owned()), "{rest}");
    }
}

#[test]
fn changes_of_other_things_leave_certificates_alone() {
    let (at, plain) = ("[[listeners]] web", WEB.replace("ab2", "ab3"));
    let kept = r#"{ certificate = "file.pem", key = "file.key" }"#;
    for (listener, rest, edits) in [
        (
            WEB,
            "|1.CertificateArn=arn:1&SslPolicy=ELBSecurityPolicy-TLS13-1-3-2021-06^Mode=off",
            vec![],
        ),
        (
            WEB,
            "|1.CertificateArn=arn:2",
            vec![format!(r#"{at} certificates = [{{ arn = "arn:2" }}, {kept}]"#)],
        ),
        (
            WEB,
            &format!("|1.CertificateArn={OF_FILES}"),
            vec![format!("{at} certificates = [{kept}]")],
        ),
        (
            WEB,
            "&SslPolicy=ELBSecurityPolicy-TLS13-1-2-2021-06",
            vec![
                format!(r#"{at} ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06""#),
                format!(r#"{at} tls_min_version = "1.2""#),
            ],
        ),
        (
            WEB,
            "&Protocol=HTTP",
            [
                "protocol = \"HTTP\"",
                "certificates gone",
                "ssl_policy gone",
                "tls_min_version gone",
                "mutual_authentication gone",
            ]
            .into_iter()
            .map(|edit| format!("{at} {edit}"))
            .collect(),
        ),
        (
            WEB,
            "^Mode=passthrough",
            vec![format!("{at} {}", r#"mutual_authentication = { mode = "passthrough" }"#)],
        ),
        (
            &plain,
            &format!("&Protocol=HTTPS{GONE}|1.CertificateArn=arn:1"),
            [
                "h2c gone",
                r#"protocol = "HTTPS""#,
                r#"certificates = [{ arn = "arn:1" }]"#,
                r#"ssl_policy = "ELBSecurityPolicy-2016-08""#,
                r#"tls_min_version = "1.2""#,
                "redirect gone",
                r#"fixed_response = { status = 410, content_type = "text/plain" }"#,
            ]
            .into_iter()
            .map(|edit| format!("[[listeners]] plain {edit}"))
            .collect(),
        ),
    ] {
        assert_eq!(Cloud::new(FILE).edits(&modify(listener, rest)), Ok(edits), "{rest}");
    }
}

#[test]
fn a_redirect_to_https_cannot_stay_where_https_comes_in() {
    let form = modify(&WEB.replace("ab2", "ab3"), "&Protocol=HTTPS|1.CertificateArn=arn:1");
    let message = "The redirect configuration is not valid because it creates a loop.";
    assert_eq!(Cloud::new(FILE).refusal(&form), (Code::InvalidLoadBalancerAction, message.into()));
}

#[test]
fn further_certificates_come_and_go() {
    let form = |action: &str, arns: &[&str]| {
        let one =
            |(at, arn): (usize, &&str)| format!("&Certificates.member.{at}.CertificateArn={arn}");
        let list: String = (1..).zip(arns).map(one).collect();
        format!("Action={action}ListenerCertificates&ListenerArn={WEB}{list}")
    };
    let kept = r#"{ arn = "arn:1" }, { certificate = "file.pem", key = "file.key" }"#;
    let mut cloud = Cloud::new(FILE);
    for (form, edits) in [
        (
            form("Add", &["arn:2", "arn:1"]),
            vec![format!(r#"[[listeners]] web certificates = [{kept}, {{ arn = "arn:2" }}]"#)],
        ),
        (form("Add", &["arn:1", OF_FILES]), vec![]),
        (
            form("Remove", &[OF_FILES]),
            vec![r#"[[listeners]] web certificates = [{ arn = "arn:1" }]"#.into()],
        ),
        (form("Remove", &["arn:2"]), vec![]),
    ] {
        assert_eq!(cloud.edits(&form), Ok(edits), "{form}");
    }
    let answer = cloud.call(&form("Describe", &[])).unwrap();
    assert_eq!(
        answer,
        format!(
            "<Certificates><member><CertificateArn>arn:1</CertificateArn><IsDefault>true</IsDefault></member>\
             <member><CertificateArn>{OF_FILES}</CertificateArn><IsDefault>false</IsDefault></member></Certificates>"
        )
    );
    let answer = cloud.call(&form("Add", &["arn:2"])).unwrap();
    assert_eq!(
        answer,
        "<Certificates><member><CertificateArn>arn:2</CertificateArn><IsDefault>false</IsDefault></member></Certificates>"
    );
    for (form, code) in [
        (form("Add", &["arn:9"]), Code::CertificateNotFound),
        (form("Add", &[]), Code::ValidationError),
        (form("Remove", &["arn:1"]), Code::OperationNotPermitted),
        (form("Add", &["arn:1"]).replace("ab2", "ab3"), Code::InvalidConfigurationRequest),
        (form("Add", &["arn:1"]).replace("ab2", "ab4"), Code::ListenerNotFound),
    ] {
        assert_eq!(cloud.refusal(&form).0, code, "{form}");
    }
}

#[test]
fn more_certificates_than_a_listener_has_are_refused() {
    let many: String = (1..=1000)
        .map(|at| format!("certificates.\"many:{at}\" = {{ certificate = \"{at}.pem\" }}\n"))
        .collect();
    let file = FILE.replace("[load_balancers.shop]", &format!("{many}[load_balancers.shop]"));
    let list: String =
        (1..=999).map(|at| format!("&Certificates.member.{at}.CertificateArn=many:{at}")).collect();
    let form = format!("Action=AddListenerCertificates&ListenerArn={WEB}{list}");
    assert_eq!(Cloud::new(&file).refusal(&form).0, Code::TooManyCertificates);
}

#[test]
fn answers_show_the_default_certificate_the_policy_and_mutual_authentication() {
    let verify = FILE.replace(
        "forward = false",
        "forward = false\nmutual_authentication = { mode = \"verify\", trust_store_arn = \"arn:store\" }",
    );
    let own = FILE.replace(
        "forward = false",
        "forward = false\nmutual_authentication = { mode = \"verify\", trust_store = \"own.pem\" }",
    );
    let store = |arn: &str| {
        format!(
            "<MutualAuthentication><Mode>verify</Mode><TrustStoreArn>{arn}</TrustStoreArn>\
             <IgnoreClientCertificateExpiry>false</IgnoreClientCertificateExpiry><TrustStoreAssociationStatus>active</TrustStoreAssociationStatus>\
             <AdvertiseTrustStoreCaNames>off</AdvertiseTrustStoreCaNames></MutualAuthentication>"
        )
    };
    for (file, shown) in [
        (FILE, "<MutualAuthentication><Mode>off</Mode></MutualAuthentication>".to_owned()),
        (&verify, store("arn:store")),
        (
            &own,
            store(
                "arn:aws:elasticloadbalancing:eu-central-1:123456789012:truststore/file/e13015b9d1f9515b",
            ),
        ),
    ] {
        let answer = Cloud::new(file)
            .call(&format!("Action=DescribeListeners&ListenerArns.member.1={WEB}"))
            .unwrap();
        let certificates = "<Port>443</Port><Protocol>HTTPS</Protocol><Certificates><member><CertificateArn>arn:1</CertificateArn></member></Certificates>\
                            <SslPolicy>ELBSecurityPolicy-TLS13-1-3-2021-06</SslPolicy>";
        assert!(answer.contains(certificates), "{answer}");
        assert!(answer.contains(&shown), "{answer}");
    }
    // A trust store that only has a file goes back as it came.
    let form = modify(
        WEB,
        "^Mode=verify^TrustStoreArn=arn:aws:elasticloadbalancing:eu-central-1:123456789012:truststore/file/e13015b9d1f9515b",
    );
    assert_eq!(Cloud::new(&own).edits(&form), Ok(vec![]));
}
