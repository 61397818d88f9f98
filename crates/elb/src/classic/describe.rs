//! `DescribeLoadBalancers`.

use clingfish_model::{LoadBalancer, UnixMillis, elb::ClassicPolicy};

use super::{
    facts::{Facts, Front},
    health_check, instances,
};
use crate::{
    Error, Input, Members, Plan, World,
    page::Page,
    v2::balancer::{dns_name, hosted_zone, network},
};

/// `DescribeLoadBalancers`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let mut names = input.list_of_text("LoadBalancerNames")?.unwrap_or_default();
    let page = Page::read(input)?;
    names.sort_unstable();
    names.dedup();
    let balancers = match names.is_empty() {
        true => world.desired.load_balancers.iter().filter(|one| one.classic.is_some()).collect(),
        false => names.iter().map(|name| world.classic(name)).collect::<Result<Vec<_>, _>>()?,
    };
    let (balancers, next) = page.cut(balancers, |balancer| balancer.name.to_string());
    let list = balancers.into_iter().map(|balancer| members(balancer, world));
    Ok(Plan::read(
        Members::default().list("LoadBalancerDescriptions", list).some_text("NextMarker", next),
    ))
}

fn members(balancer: &LoadBalancer, world: &World<'_>) -> Members {
    let (aws, own) = (&world.desired.aws, &balancer.network);
    let facts = Facts::of(balancer, world);
    let zones: Vec<_> = match own.subnets.is_empty() {
        true => facts.classic.zones.clone(),
        false => network::zones(aws, &own.subnets).collect(),
    };
    let vpc = (!own.subnets.is_empty()).then(|| network::vpc(aws, &own.subnets));
    let source = own.security_groups.first().map(|group| {
        Members::default().text("OwnerAlias", aws.owner.account()).text("GroupName", group)
    });
    // Programs expect a time, also of what a person wrote into the file.
    let created = balancer.record.created.unwrap_or(UnixMillis(0));
    let name = dns_name(balancer, world);
    Members::default()
        .value("LoadBalancerName", &balancer.name)
        .text("DNSName", name)
        .text("CanonicalHostedZoneName", name)
        .text("CanonicalHostedZoneNameID", hosted_zone(aws.owner.region()))
        .list("ListenerDescriptions", facts.listeners.iter().map(listener))
        .structure("Policies", policies(&facts))
        .list("BackendServerDescriptions", [])
        .texts("AvailabilityZones", zones)
        .texts("Subnets", &own.subnets)
        .some_text("VPCId", vpc)
        .list("Instances", instances::members(balancer))
        .structure("HealthCheck", health_check::members(&facts.check))
        .some_structure("SourceSecurityGroup", source)
        .texts("SecurityGroups", &own.security_groups)
        .time("CreatedTime", created)
        .text("Scheme", own.scheme.as_str())
}

fn listener(front: &Front) -> Members {
    let word = |is_tls| if is_tls { "HTTPS" } else { "HTTP" };
    let listener = Members::default()
        .text("Protocol", word(front.certificate.is_some()))
        .value("LoadBalancerPort", front.bind.port())
        .text("InstanceProtocol", word(front.classic.instance_tls))
        .value("InstancePort", front.classic.instance_port)
        .some_text("SSLCertificateId", front.certificate.as_ref());
    Members::default().structure("Listener", listener).texts("PolicyNames", &front.classic.policies)
}

fn policies(facts: &Facts) -> Members {
    let (mut app, mut lb) = (Vec::new(), Vec::new());
    for (name, policy) in &facts.classic.policies {
        let named = Members::default().text("PolicyName", name);
        match policy {
            ClassicPolicy::AppCookie(cookie) => app.push(named.text("CookieName", cookie)),
            ClassicPolicy::LbCookie(period) => {
                lb.push(named.some_value("CookieExpirationPeriod", *period));
            }
        }
    }
    Members::default()
        .list("AppCookieStickinessPolicies", app)
        .list("LBCookieStickinessPolicies", lb)
        .list("OtherPolicies", [])
}
