//! Every error code of `docs/elb-api.md`, as boto3 raises it or as it comes over the wire, and a file that no refused call changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::{Ipv4Addr, TcpListener},
    thread,
};

use clingfish_testkit::{Authority, Clingfish, Port, RawClient, python};

/// What stands in for AWS.
const AROUND: &str = r#"
# What AWS would have.
[aws]
region = "eu-central-1"
account = "123456789012"
bind = "127.0.0.1"
security_groups = ["sg-1"]
instances = { i-1 = "10.0.0.1" }

[aws.subnets]
s-1 = { zone = "za", vpc = "vpc-1" }
s-2 = { zone = "zb", vpc = "vpc-1" }
s-3 = { zone = "za", vpc = "vpc-1", bind = "127.0.0.2" }
s-4 = { zone = "zb", vpc = "vpc-1", bind = "127.0.0.2" }
"#;

/// ARN of a certificate, but for its number.
const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/";

/// Codes, and the statuses that they come with.
type Codes = BTreeMap<String, BTreeSet<u16>>;

#[test]
fn every_documented_code_is_raised_and_no_other() {
    let documented = documented();
    let mut raised = Codes::new();
    let parts = [resources, classic, wire, access, limits, shutting_down];
    thread::scope(|scope| {
        let parts = parts.map(|part| scope.spawn(part));
        for (code, statuses) in
            parts.into_iter().flat_map(|part| part.join().expect("it is refused as documented"))
        {
            raised.entry(code).or_default().extend(statuses);
        }
    });
    for (code, statuses) in &documented {
        assert!(
            raised.contains_key(code),
            "{code} {statuses:?} is documented, and nothing raises it"
        );
    }
    for (code, statuses) in &raised {
        let of_code = documented.get(code).unwrap_or_else(|| panic!("{code} is not documented"));
        assert!(
            statuses.is_subset(of_code),
            "{code} came with {statuses:?}, {of_code:?} are documented"
        );
    }
}

/// The table of `docs/elb-api.md`: a code, and its statuses.
fn documented() -> Codes {
    let document = include_str!("../../../../docs/elb-api.md");
    let (_, rest) = document.split_once("\n## Errors\n").expect("there is that section");
    let section = rest.split_once("\n## ").map_or(rest, |(section, _)| section);
    let mut codes = Codes::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (code, rest) = row.split_once("` | ").expect("a row begins with the code");
        let (statuses, _) = rest.split_once(" |").expect("then come the statuses");
        codes.insert(code.into(), statuses.split(", ").map(|one| one.parse().unwrap()).collect());
    }
    codes
}

/// Runs a script of refusals.
#[track_caller]
fn refusals(script: &str, clingfish: &Clingfish, more: &[&str]) -> Codes {
    let script = format!("{}\n{script}", include_str!("../../scripts/elb_errors/client.py"));
    let (address, file) = (clingfish.admin().to_string(), clingfish.config_path());
    let file = file.to_str().expect("its folder has a plain name");
    let printed = python(&script, &[&[address.as_str(), file], more].concat());
    let mut raised = Codes::new();
    for line in printed.lines() {
        let (code, status) = line.split_once(' ').expect("a line is code and status");
        raised.entry(code.into()).or_default().insert(status.parse().unwrap());
    }
    raised
}

fn resources() -> Codes {
    let authority = Authority::new("Errors");
    let file =
        format!("{AROUND}\n[aws.certificates]\n\"{CERTIFICATE}1\" = {}\n", certificate(&authority));
    let reserved = [(); 3].map(|()| Port::reserve());
    let ports = reserved.each_ref().map(|port| port.number().to_string());
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    refusals(include_str!("../../scripts/elb_errors/calls.py"), &Clingfish::start(&file), &ports)
}

fn classic() -> Codes {
    let reserved = Port::reserve();
    let port = reserved.number().to_string();
    refusals(
        include_str!("../../scripts/elb_errors/classic.py"),
        &Clingfish::start(AROUND),
        &[&port],
    )
}

fn wire() -> Codes {
    refusals(include_str!("../../scripts/elb_errors/wire.py"), &Clingfish::start(AROUND), &[])
}

fn access() -> Codes {
    let file = format!(
        "{AROUND}\n[admin]\nbind = \"127.0.0.1:0\"\naccess_keys = [{{ id = \"AKIAALL\", secret = \"all\" }}, \
         {{ id = \"AKIALOOK\", secret = \"look\", role = \"read_only\" }}]\n"
    );
    let clingfish = Clingfish::start(&file);
    refusals(include_str!("../../scripts/elb_errors/access.py"), &clingfish, &[])
}

fn limits() -> Codes {
    let authority = Authority::new("Limits");
    let clingfish = Clingfish::start(&full(&certificate(&authority)));
    refusals(include_str!("../../scripts/elb_errors/limits.py"), &clingfish, &[])
}

/// A file with all that there may be, but for a few targets.
fn full(pair: &str) -> String {
    let mut file = format!("{AROUND}\n[aws.certificates]\n");
    for number in 0..1000 {
        let _ = writeln!(file, "\"{CERTIFICATE}{number}\" = {pair}");
    }
    let _ = writeln!(
        file,
        "[[listeners]]\nbind = \"127.0.0.1:0\"\nprotocol = \"HTTPS\"\ncertificates = [{pair}]\nforward = false\n\
         [[listeners]]\nname = \"plain\"\nbind = \"127.0.0.1:0\"\nforward = false"
    );
    for number in 1..=5000 {
        let _ = writeln!(
            file,
            "[[listeners.rules]]\npriority = {number}\nconditions = {{ http-header = {{ X-{number} = \"1\" }} }}\n\
             fixed_response = {{ status = 404 }}"
        );
    }
    for number in 1..1000 {
        let _ = writeln!(file, "[load_balancers.b{number}]\nidle_timeout = \"61s\"");
    }
    for number in 1..10_000 {
        let _ = writeln!(file, "[target_groups.g{number}]\ntargets = []");
    }
    let targets = (0..9_995).map(|number| format!("\"10.2.{}.{}:80\"", number / 250, number % 250));
    let targets = targets.collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        file,
        "[target_groups.full]\nport = 80\nhealth_check = false\ntargets = [{targets}]"
    );
    file
}

/// While the last requests run, nothing changes any more.
fn shutting_down() -> Codes {
    let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = target.local_addr().unwrap();
    let clingfish = Clingfish::start(&format!(
        "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"{address}\"]\nhealth_check = false\n"
    ));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").unwrap();
    // A request that is never answered.
    let _running = target.accept().unwrap();
    clingfish.signal("TERM");
    clingfish.wait_log("shutting down");
    let script = "refused('ServiceUnavailable', 'shutting down', elb.create_target_group, status=503,\n\
                  Name='new', Protocol='HTTP', Port=80, VpcId='vpc-1')\n\
                  assert elb.describe_target_groups()['TargetGroups']";
    refusals(script, &clingfish, &[])
}

/// A pair of PEM files, as the file names them.
fn certificate(authority: &Authority) -> String {
    let pair = authority.issue("shop", &["shop.example"]);
    format!("{{ certificate = {:?}, key = {:?} }}", pair.certificate, pair.key)
}
