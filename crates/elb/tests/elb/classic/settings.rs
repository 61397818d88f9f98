//! Attributes, tags and limits.

use super::*;

const ATTRIBUTES: &str = "LoadBalancerAttributes";

#[test]
fn attributes_act_where_they_can_and_come_back_all() {
    let mut cloud = Cloud::classic();
    let before = cloud.old("DescribeLoadBalancerAttributes", "");
    assert_eq!(
        before,
        "<LoadBalancerAttributes><CrossZoneLoadBalancing><Enabled>false</Enabled></CrossZoneLoadBalancing>\
         <AccessLog><Enabled>false</Enabled></AccessLog>\
         <ConnectionDraining><Enabled>false</Enabled><Timeout>300</Timeout></ConnectionDraining>\
         <ConnectionSettings><IdleTimeout>60</IdleTimeout></ConnectionSettings>\
         <AdditionalAttributes><member><Key>elb.http.desyncmitigationmode</Key><Value>defensive</Value></member>\
         </AdditionalAttributes></LoadBalancerAttributes>"
    );
    let change = format!(
        "{ATTRIBUTES}.CrossZoneLoadBalancing.Enabled=true&{ATTRIBUTES}.ConnectionDraining.Enabled=true\
         &{ATTRIBUTES}.ConnectionDraining.Timeout=90&{ATTRIBUTES}.ConnectionSettings.IdleTimeout=120\
         &{ATTRIBUTES}.AccessLog.Enabled=true&{ATTRIBUTES}.AccessLog.S3BucketName=logs\
         &{ATTRIBUTES}.AccessLog.S3BucketPrefix=old&{ATTRIBUTES}.AccessLog.EmitInterval=5\
         &{ATTRIBUTES}.AdditionalAttributes.member.1.Key=elb.http.desyncmitigationmode\
         &{ATTRIBUTES}.AdditionalAttributes.member.1.Value=strictest"
    );
    let after = cloud.old("ModifyLoadBalancerAttributes", &change);
    has(
        &after,
        &[
            "<LoadBalancerName>old</LoadBalancerName>",
            "<CrossZoneLoadBalancing><Enabled>true</Enabled>",
            "<AccessLog><Enabled>true</Enabled><S3BucketName>logs</S3BucketName><EmitInterval>5</EmitInterval>\
             <S3BucketPrefix>old</S3BucketPrefix></AccessLog>",
            "<ConnectionDraining><Enabled>true</Enabled><Timeout>90</Timeout>",
            "<IdleTimeout>120</IdleTimeout>",
            "<Value>strictest</Value>",
        ],
    );
    let desired = cloud.desired();
    let group = desired.target_groups.iter().find(|group| group.name.as_str() == "old-80").unwrap();
    assert_eq!(group.deregistration_delay.as_secs(), 90);
    assert!(cloud.edits(&of_old("ModifyLoadBalancerAttributes", &change)).unwrap().is_empty());
    let off = format!(
        "{ATTRIBUTES}.ConnectionDraining.Enabled=false&{ATTRIBUTES}.AccessLog.Enabled=false"
    );
    let after = cloud.old("ModifyLoadBalancerAttributes", &off);
    has(
        &after,
        &[
            "<AccessLog><Enabled>false</Enabled></AccessLog>",
            "<ConnectionDraining><Enabled>false</Enabled><Timeout>90</Timeout>",
            "<IdleTimeout>120</IdleTimeout>",
        ],
    );
}

#[test]
fn tags_go_by_names() {
    let mut cloud = Cloud::classic();
    let names = "LoadBalancerNames.member.1=old";
    let tags = "Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b";
    cloud.call(&form("AddTags", &format!("{names}&{tags}"))).unwrap();
    cloud.call(&form("RemoveTags", &format!("{names}&Tags.member.1.Key=b"))).unwrap();
    let shown = cloud.call(&form("DescribeTags", names)).unwrap();
    assert_eq!(
        shown,
        "<TagDescriptions><member><LoadBalancerName>old</LoadBalancerName>\
         <Tags><member><Key>a</Key><Value>1</Value></member></Tags></member></TagDescriptions>"
    );
    let again = cloud
        .edits(&form("AddTags", &format!("{names}&Tags.member.1.Key=a&Tags.member.1.Value=1")));
    assert!(again.unwrap().is_empty());
}

#[test]
fn limits_are_those_of_the_program() {
    let answer = Cloud::new(FILE).call(&form("DescribeAccountLimits", "")).unwrap();
    has(&answer, &["<Name>classic-registered-instances</Name><Max>10000</Max>"]);
}
