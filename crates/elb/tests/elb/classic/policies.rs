//! Stickiness.

use clingfish_model::{Stickiness, stickiness::CookieStyle};

use super::*;

fn stickiness(cloud: &Cloud) -> Stickiness {
    let desired = cloud.desired();
    let group = desired.target_groups.iter().find(|group| group.name.as_str() == "old-80");
    group.unwrap().stickiness.clone()
}

fn age(cloud: &Cloud) -> Option<u64> {
    match stickiness(cloud) {
        Stickiness::LbCookie(cookie) => match cookie.style {
            CookieStyle::Classic { max_age } => max_age.map(|age| age.as_secs()),
            style => panic!("{style:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn set(cloud: &mut Cloud, policies: &str) {
    cloud.old("SetLoadBalancerPoliciesOfListener", &format!("LoadBalancerPort=80&{policies}"));
}

#[test]
fn a_listener_sticks_as_its_policy_says() {
    let mut cloud = Cloud::classic();
    cloud.old("CreateLBCookieStickinessPolicy", "PolicyName=hour&CookieExpirationPeriod=3600");
    cloud
        .old("CreateLBCookieStickinessPolicy", "PolicyName=long&CookieExpirationPeriod=2147483647");
    cloud.old("CreateLBCookieStickinessPolicy", "PolicyName=session&CookieExpirationPeriod=0");
    cloud.old("CreateAppCookieStickinessPolicy", "PolicyName=java&CookieName=JSESSIONID");
    assert_eq!(stickiness(&cloud), Stickiness::Off, "a policy alone does nothing");
    for (policy, expected) in
        [("hour", Some(3600)), ("session", None), ("long", Some(2_147_483_647))]
    {
        set(&mut cloud, &format!("PolicyNames.member.1={policy}"));
        assert_eq!(age(&cloud), expected, "{policy}");
    }
    set(&mut cloud, "PolicyNames.member.1=java");
    match stickiness(&cloud) {
        Stickiness::AppCookie(cookie) => assert_eq!(cookie.name.as_str(), "JSESSIONID"),
        other => panic!("{other:?}"),
    }
    let again = of_old(
        "SetLoadBalancerPoliciesOfListener",
        "LoadBalancerPort=80&PolicyNames.member.1=java",
    );
    assert!(cloud.edits(&again).unwrap().is_empty());
    set(&mut cloud, "PolicyNames=");
    assert_eq!(stickiness(&cloud), Stickiness::Off);
}

#[test]
fn policies_of_a_type_are_those_of_their_own_actions() {
    let mut cloud = Cloud::classic();
    let lb = "PolicyTypeName=LBCookieStickinessPolicyType";
    let app = "PolicyTypeName=AppCookieStickinessPolicyType";
    let attribute = |name: &str, value: &str| {
        format!(
            "PolicyAttributes.member.1.AttributeName={name}&PolicyAttributes.member.1.AttributeValue={value}"
        )
    };
    cloud.old(
        "CreateLoadBalancerPolicy",
        &format!("PolicyName=a&{lb}&{}", attribute("CookieExpirationPeriod", "60")),
    );
    cloud.old("CreateLoadBalancerPolicy", &format!("PolicyName=b&{lb}"));
    cloud.old(
        "CreateLoadBalancerPolicy",
        &format!("PolicyName=c&{app}&{}", attribute("CookieName", "sid")),
    );
    let all = cloud.old("DescribeLoadBalancerPolicies", "");
    assert_eq!(
        all,
        "<PolicyDescriptions><member><PolicyName>a</PolicyName><PolicyTypeName>LBCookieStickinessPolicyType</PolicyTypeName>\
         <PolicyAttributeDescriptions><member><AttributeName>CookieExpirationPeriod</AttributeName>\
         <AttributeValue>60</AttributeValue></member></PolicyAttributeDescriptions></member>\
         <member><PolicyName>b</PolicyName><PolicyTypeName>LBCookieStickinessPolicyType</PolicyTypeName>\
         <PolicyAttributeDescriptions/></member>\
         <member><PolicyName>c</PolicyName><PolicyTypeName>AppCookieStickinessPolicyType</PolicyTypeName>\
         <PolicyAttributeDescriptions><member><AttributeName>CookieName</AttributeName>\
         <AttributeValue>sid</AttributeValue></member></PolicyAttributeDescriptions></member></PolicyDescriptions>"
    );
    let one = cloud.old("DescribeLoadBalancerPolicies", "PolicyNames.member.1=b");
    assert!(one.contains(">b<") && !one.contains(">a<"), "{one}");
    let samples = cloud.call(&form("DescribeLoadBalancerPolicies", "")).unwrap();
    assert_eq!(samples, "<PolicyDescriptions/>");
    cloud.old("DeleteLoadBalancerPolicy", "PolicyName=b");
    cloud.old("DeleteLoadBalancerPolicy", "PolicyName=b");
    assert!(!cloud.old("DescribeLoadBalancerPolicies", "").contains(">b<"));
    cloud.old("SetLoadBalancerPoliciesForBackendServer", "InstancePort=3000&PolicyNames=");
}

#[test]
fn only_types_that_act_are_shown() {
    let mut cloud = Cloud::new(FILE);
    let all = cloud.call(&form("DescribeLoadBalancerPolicyTypes", "")).unwrap();
    assert_eq!(all.matches("<PolicyTypeName>").count(), 2, "{all}");
    let one = form(
        "DescribeLoadBalancerPolicyTypes",
        "PolicyTypeNames.member.1=AppCookieStickinessPolicyType",
    );
    has(
        &cloud.call(&one).unwrap(),
        &[
            "<AttributeName>CookieName</AttributeName><AttributeType>String</AttributeType><Cardinality>ONE</Cardinality>",
        ],
    );
}
