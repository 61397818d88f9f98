//! A load balancer from its making to its end, through the file.

use clingfish_elb::Code;

use crate::support::Cloud;

/// What a person wrote.
const TEXT: &str = "\
# Ours.
[[listeners]]
bind = \"127.0.0.1:80\" # for all
forward = \"shop\"

[target_groups.shop]
targets = [\"127.0.0.1:3000\"]

[aws.subnets]
a = { zone = \"za\", bind = \"10.0.0.1\" }
b = { zone = \"zb\", bind = \"10.0.0.1\" }
";

fn arn(xml: &str) -> String {
    xml.split("<LoadBalancerArn>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[test]
fn a_life_leaves_the_file_as_it_was() {
    let mut cloud = Cloud::new(TEXT);
    let created = cloud
        .call("Action=CreateLoadBalancer&Name=web&Subnets.member.1=a&Subnets.member.2=b&Tags.member.1.Key=team")
        .unwrap();
    let arn = arn(&created);
    let attributes =
        "Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value";
    let form = format!(
        "Action=ModifyLoadBalancerAttributes&LoadBalancerArn={arn}&{attributes}=true\
         &Attributes.member.2.Key=idle_timeout.timeout_seconds&Attributes.member.2.Value=90\
         &Attributes.member.3.Key=routing.http.preserve_host_header.enabled&Attributes.member.3.Value=true"
    );
    let modified = cloud.call(&form).unwrap();
    for (key, value) in [
        ("deletion_protection.enabled", "true"),
        ("idle_timeout.timeout_seconds", "90"),
        ("routing.http.preserve_host_header.enabled", "true"),
        ("routing.http2.enabled", "true"),
    ] {
        assert!(
            modified.contains(&format!("<Key>{key}</Key><Value>{value}</Value>")),
            "{modified}"
        );
    }
    let tagged = format!("ResourceArns.member.1={arn}");
    cloud
        .call(&format!("Action=AddTags&{tagged}&Tags.member.1.Key=a.b&Tags.member.1.Value=%C3%A4"))
        .unwrap();
    cloud.call(&format!("Action=RemoveTags&{tagged}&TagKeys.member.1=team")).unwrap();
    let tags = cloud.call(&format!("Action=DescribeTags&{tagged}")).unwrap();
    assert!(
        tags.contains("<Tags><member><Key>a.b</Key><Value>ä</Value></member></Tags>"),
        "{tags}"
    );
    let groups =
        format!("Action=SetSecurityGroups&LoadBalancerArn={arn}&SecurityGroups.member.1=sg-1");
    assert!(cloud.call(&groups).unwrap().contains("<member>sg-1</member>"));
    let kind = format!("Action=SetIpAddressType&LoadBalancerArn={arn}&IpAddressType=dualstack");
    cloud.call(&kind).unwrap();
    let described =
        cloud.call(&format!("Action=DescribeLoadBalancers&LoadBalancerArns.member.1={arn}"));
    assert!(described.unwrap().contains("<IpAddressType>dualstack</IpAddressType>"));
    let delete = format!("Action=DeleteLoadBalancer&LoadBalancerArn={arn}");
    assert_eq!(cloud.call(&delete).unwrap_err().code, Code::OperationNotPermitted);
    let form =
        format!("Action=ModifyLoadBalancerAttributes&LoadBalancerArn={arn}&{attributes}=false");
    cloud.call(&form).unwrap();
    assert_eq!(cloud.call(&delete).unwrap(), "");
    assert_eq!(cloud.text, TEXT);
    assert_eq!(cloud.call(&delete).unwrap(), "", "again");
}

#[test]
fn what_terraform_sends_behind_a_creation_changes_nothing() {
    let mut cloud = Cloud::new("");
    let created = cloud
        .call("Action=CreateLoadBalancer&Name=web&Subnets.member.1=a&Subnets.member.2=b")
        .unwrap();
    let attributes = [
        ("access_logs.s3.enabled", "false"),
        ("connection_logs.s3.enabled", "false"),
        ("health_check_logs.s3.enabled", "false"),
        ("idle_timeout.timeout_seconds", "60"),
        ("client_keep_alive.seconds", "3600"),
        ("routing.http.drop_invalid_header_fields.enabled", "false"),
        ("routing.http.preserve_host_header.enabled", "false"),
        ("routing.http.desync_mitigation_mode", "defensive"),
        ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
        ("routing.http.xff_client_port.enabled", "false"),
        ("routing.http.xff_header_processing.mode", "append"),
        ("routing.http2.enabled", "true"),
        ("waf.fail_open.enabled", "false"),
        ("zonal_shift.config.enabled", "false"),
        ("deletion_protection.enabled", "false"),
    ];
    let members = (1..).zip(attributes).map(|(index, (key, value))| {
        format!("&Attributes.member.{index}.Key={key}&Attributes.member.{index}.Value={value}")
    });
    let form = format!(
        "Action=ModifyLoadBalancerAttributes&LoadBalancerArn={}{}",
        arn(&created),
        members.collect::<String>()
    );
    assert_eq!(cloud.edits(&form).unwrap(), [""; 0]);
}

#[test]
fn what_a_person_wrote_is_moved_with_its_id_and_deleted() {
    let mut cloud = Cloud::new(&TEXT.replace("127.0.0.1:80\"", "0.0.0.0:80\""));
    let described = cloud.call("Action=DescribeLoadBalancers").unwrap();
    let arn = arn(&described);
    let form =
        format!("Action=SetSubnets&LoadBalancerArn={arn}&Subnets.member.1=a&Subnets.member.2=b");
    let set = cloud.call(&form).unwrap();
    assert!(set.contains("<ZoneName>za</ZoneName><SubnetId>a</SubnetId>"), "{set}");
    assert!(cloud.text.contains("bind = \"10.0.0.1:80\" # for all"), "{}", cloud.text);
    assert!(cloud.text.contains("name = \"0.0.0.0-80\""), "{}", cloud.text);
    cloud.call(&format!("Action=DeleteLoadBalancer&LoadBalancerArn={arn}")).unwrap();
    assert!(!cloud.text.contains("listeners"), "{}", cloud.text);
    let gone = format!("Action=DescribeLoadBalancers&LoadBalancerArns.member.1={arn}");
    assert_eq!(cloud.call(&gone).unwrap_err().code, Code::LoadBalancerNotFound);
}
