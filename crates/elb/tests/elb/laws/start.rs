//! Files that people wrote.

use clingfish_model::DesiredState;

/// What is there before anybody asks for anything.
pub(super) const START: [&str; 3] = ["", SHOP, PLACES];

/// What ELBv2 has words for and what it has none for.
const SHOP: &str = r#"# The whole shop.
[server]
workers = 2 # as many as it has cores

# What everybody uses.
[[listeners]]
bind = "127.0.0.1:8080" # shop first
forward = "shop"

# Blue, unless green.
[[listeners.rules]]
priority = 7
conditions = { host-header = ["a.example"], path-pattern = { regex_values = ["^/a"] } }
forward = { shop = 3, chat = 1 }
group_stickiness = { duration = "1h", failover = true }

# To be looked at.
[[listeners.rules]]
priority = 9
conditions = { path-pattern = "/old" }
redirect = { path = "/new", status = 301 }

# By name.
[target_groups.shop] # and by number
targets = ["10.0.0.1:3000", { id = "b", address = "10.0.0.2:3000", weight = 5, zone = "za" }]
stickiness = { type = "lb_cookie", duration = "1h" } # ours

# For those who talk.
[target_groups.chat]
targets = [
    "app.example:4000", # a name
    "10.0.0.9:4000",    # an address
]
stickiness = { type = "header", header = "X-Session" }

# Not in use.
[target_groups.alb]
targets = ["[::1]:5000"]
algorithm = "least_outstanding_requests"

[target_groups.alb.stickiness] # ALB's
style = "alb"
app_cookie = "SID"
type = "app_cookie"
import = [{ from = "haproxy", cookie = "SRV", until = "2097-01-31" }]
"#;

/// What AWS has around: everything else is refused.
const PLACES: &str = r#"# Where AWS would be.
[aws]
region = "eu-central-1"
account = "123456789012"
bind = "127.0.0.1"
buckets = "/var/log/elb"
security_groups = ["sg-1", "sg-2"]
instances = { i-1 = "10.0.0.1", i-2 = "10.0.0.2" } # two of them

# Four of them, at two addresses.
[aws.subnets]
s-1 = { zone = "za", vpc = "vpc-1" }
s-2 = { zone = "zb", vpc = "vpc-1" }
s-3 = { zone = "za", vpc = "vpc-1", bind = "127.0.0.2" }
s-4 = { zone = "zb", vpc = "vpc-1", bind = "127.0.0.2" }

# From an authority.
[aws.certificates."arn:1"]
certificate = "1.pem"

[aws.certificates."arn:2"]
certificate = "2.pem"

# By its authorities.
[aws.trust_stores."arn:t"]
authorities = "t.pem"

[load_balancers.web] # has a table
idle_timeout = "90s"

# In the clear.
[[listeners]]
name = "plain"
bind = "127.0.0.1:8080"
load_balancer = "web"
redirect = { protocol = "HTTPS" }

# By TLS.
[[listeners]]
name = "secure"
bind = "127.0.0.1:8443"
load_balancer = "web"
protocol = "HTTPS"
certificates = [{ certificate = "own.pem" }, { arn = "arn:1" }]
forward = "web"

[target_groups.web]
targets = []
"#;

/// Comments that are about what goes when its resource goes, and how to know whether it is there.
const ABOUT: [(&str, Kept); 12] = [
    ("# What everybody uses.", Kept::Listener("127.0.0.1-8080")),
    ("# shop first", Kept::Listener("127.0.0.1-8080")),
    ("# Blue, unless green.", Kept::Nothing),
    ("# To be looked at.", Kept::Nothing),
    ("# By name.", Kept::Group("shop")),
    ("# and by number", Kept::Group("shop")),
    ("# ours", Kept::Nothing),
    ("# For those who talk.", Kept::Group("chat")),
    ("# Not in use.", Kept::Group("alb")),
    ("# has a table", Kept::Balancer("web")),
    ("# In the clear.", Kept::Listener("plain")),
    ("# By TLS.", Kept::Listener("secure")),
];

/// Comments that nothing takes away.
const ALWAYS: [&str; 6] = [
    "# The whole shop.",
    "# as many as it has cores",
    "# Where AWS would be.",
    "# two of them",
    "# Four of them, at two addresses.",
    "# From an authority.",
];

#[derive(Clone, Copy)]
enum Kept {
    Balancer(&'static str),
    Group(&'static str),
    Listener(&'static str),
    /// A rule's, whose priority may change, or a setting's, which may be replaced.
    Nothing,
}

/// Refuses the loss of what somebody has written beside what is still there.
pub(super) fn has_its_comments(origin: &str, text: &str, desired: &DesiredState, told: &str) {
    for comment in ALWAYS.into_iter().filter(|comment| origin.contains(comment)) {
        assert!(text.contains(comment), "lost {comment}: {told}");
    }
    for (comment, kept) in ABOUT.into_iter().filter(|(comment, _)| origin.contains(comment)) {
        let is_there = match kept {
            Kept::Balancer(name) => {
                desired.load_balancers.iter().any(|one| one.name.as_str() == name)
            }
            Kept::Group(name) => desired.target_groups.iter().any(|one| one.name.as_str() == name),
            Kept::Listener(name) => desired.listeners.iter().any(|one| one.name.as_str() == name),
            Kept::Nothing => false,
        };
        // What was deleted and made again has no comments.
        let is_the_same = is_there && !is_made_again(desired, kept);
        assert!(!is_the_same || text.contains(comment), "lost {comment}: {told}");
    }
}

fn is_made_again(desired: &DesiredState, kept: Kept) -> bool {
    let balancer = |name: &str| desired.load_balancers.iter().find(|one| one.name.as_str() == name);
    let group = |name: &str| desired.target_groups.iter().find(|one| one.name.as_str() == name);
    match kept {
        Kept::Balancer(name) => balancer(name).is_some_and(|one| one.record.created.is_some()),
        Kept::Group(name) => group(name).is_some_and(|one| one.record.created.is_some()),
        Kept::Listener(_) | Kept::Nothing => false,
    }
}
