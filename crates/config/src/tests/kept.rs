//! What APIs keep, who made it, and secrets.

use clingfish_model::{MutualAuthentication, ResourceId, UnixMillis};

use super::*;

const ID: &str = "id = \"0123456789abcdef\"\n";

#[test]
fn what_an_api_keeps_is_read_back() {
    let text = "[load_balancers.a]\nid = \"0123456789abcdef\"\ncreated = 2026-11-28T14:00:00.123Z\n\
                tags = { \"a.b\" = \"c\" }\n[load_balancers.a.attributes]\n\
                waf.fail_open.enabled = \"true\"\n\"access_logs.s3.bucket\" = \"\"";
    let balancers = state(text).load_balancers;
    let record = &balancers[0].record;
    assert_eq!(record.id, ResourceId::parse("0123456789abcdef"));
    assert_eq!(record.created, Some(UnixMillis(1_795_874_400_123)));
    assert_eq!(record.tags["a.b"], "c");
    let attributes: Vec<_> =
        record.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(attributes, [("access_logs.s3.bucket", ""), ("waf.fail_open.enabled", "true")]);
}

#[test]
fn the_default_load_balancer_is_implied_where_nothing_is_about_it() {
    let group = "[target_groups.a]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\"\n";
    for (text, implied) in [
        (String::new(), true),
        ("[load_balancers.default]".into(), false),
        (group.into(), false),
        (format!("{group}load_balancer = \"x\"\n[load_balancers.x]"), true),
    ] {
        let balancers = state(&text).load_balancers;
        assert_eq!(balancers[0].name.as_str(), "default");
        assert_eq!(balancers[0].implied, implied, "{text}");
    }
}

#[test]
fn what_an_api_made_may_wait_for_its_use() {
    let other = "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = false\n";
    for table in ["[load_balancers.a]\n", "[target_groups.a]\n"] {
        for listeners in ["", other] {
            for made in [ID, "created = 2026-11-28T14:00:00Z\n"] {
                assert_eq!(warnings(&format!("{listeners}{table}{made}")), [], "{table}");
            }
        }
        assert!(!warnings(&format!("{other}{table}")).is_empty(), "{table}");
    }
}

#[test]
fn what_aws_takes_of_its_users_is_a_warning() {
    let rule = |made: &str| {
        format!(
            "[[listeners.rules]]\n{made}conditions = {{ path-pattern = \"/a\" }}\nforward = \"w\"\n"
        )
    };
    let circle =
        "conditions = { path-pattern = \"/b\" }\nredirect = { query = \"x=y\", path = \"/b\" }";
    let unreachable = |first: &str, second: &str| rule(first) + &rule(second);
    for (rules, is_error) in [
        (unreachable("", ""), true),
        (unreachable(ID, ""), false),
        (unreachable("", ID), false),
        (format!("[[listeners.rules]]\n{circle}"), true),
        (format!("[[listeners.rules]]\n{ID}{circle}"), false),
    ] {
        let text = format!(
            "[target_groups.w]\ntargets = [\"a:1\"]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"w\"\n{rules}"
        );
        match parse(&text) {
            Ok((_, warnings)) => assert_eq!((warnings.len(), is_error), (1, false), "{text}"),
            Err(errors) => assert_eq!((errors.len(), is_error), (1, true), "{text}"),
        }
    }
    let default = |made: &str| {
        format!("[[listeners]]\nbind = \"127.0.0.1:1\"\n{made}redirect = {{ path = \"/x\" }}")
    };
    assert_eq!(errors(&default("")).len(), 1);
    assert_eq!(warnings(&default(ID)).len(), 1);
}

#[test]
fn ids_are_those_of_one_resource_of_a_kind() {
    let derived = ResourceId::derive("targetgroup", "web");
    let web = format!("[target_groups.shop]\nid = \"{derived}\"\n[target_groups.web]\n");
    assert!(errors(&web)[0].message.contains("is that of the one on line"), "{web}");
    let kinds = format!("[target_groups.a]\n{ID}[load_balancers.a]\n{ID}");
    assert_eq!(errors(&kinds), []);
}

#[test]
fn an_arn_stands_for_the_files_that_the_file_gives_it() {
    let text = "[target_groups.w]\n[aws.certificates.\"arn:c\"]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n\
                [aws.trust_stores.\"arn:t\"]\nauthorities = \"ca.pem\"\nrevocations = \"crl.pem\"\n\
                [[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"w\"\nprotocol = \"HTTPS\"\n\
                certificates = [{ arn = \"arn:c\" }, { certificate = \"b.pem\" }]\nssl_policy = \"p\"\n\
                mutual_authentication = { mode = \"verify\", trust_store_arn = \"arn:t\" }";
    let mut state = state(text);
    state.anchor(std::path::Path::new("/etc"));
    let tls = state.listeners[0].tls.as_ref().unwrap();
    assert_eq!(tls.certificates[0], state.aws.certificates["arn:c"]);
    assert_eq!(tls.certificates[0].key.to_str(), Some("/etc/a.key"));
    assert_eq!(tls.certificates[0].arn.as_deref(), Some("arn:c"));
    assert_eq!((&tls.certificates[1].arn, tls.policy.as_deref()), (&None, Some("p")));
    let MutualAuthentication::Verify(store) = &tls.mutual else { panic!("{tls:?}") };
    assert_eq!(store.revocations.as_deref().and_then(|path| path.to_str()), Some("/etc/crl.pem"));
    assert_eq!(store.arn.as_deref(), Some("arn:t"));
}

#[test]
fn ids_that_the_file_does_not_list_are_hardly_meant() {
    let lists = "[aws]\nsubnets = { subnet-a = { zone = \"a\" } }\nsecurity_groups = [\"sg-a\"]\n";
    let balancer =
        format!("[load_balancers.a]\n{ID}subnets = [\"subnet-b\"]\nsecurity_groups = [\"sg-a\"]");
    let warnings_of = warnings(&format!("{lists}{balancer}"));
    assert_eq!(warnings_of.len(), 1, "{}", rendered(&warnings_of));
    assert_eq!(warnings_of[0].help, "did you mean \"subnet-a\"?");
    assert_eq!(warnings(&balancer), []);
}

#[test]
fn attributes_that_would_act_elsewhere_are_hardly_meant() {
    let file = |lines: &str| {
        format!(
            "[target_groups.a]\ntargets = [\"a:1\"]\n{lines}\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\""
        )
    };
    let acts = "attributes = { \"slow_start.duration_seconds\" = \"30\" }";
    assert_eq!(warnings(&file(acts)).len(), 1);
    assert_eq!(warnings(&file(&format!("{ID}{acts}"))), []);
    assert_eq!(warnings(&file("attributes = { \"stickiness.type\" = \"lb_cookie\" }")), []);
}

#[test]
fn no_message_shows_a_secret() {
    const SECRET: &str = "hunter2";
    for line in [
        "secret = hunter2",
        "secret = \"hunter2",
        "secret = 'hunter2",
        "secret = [\"hunter2\"]",
        "secret = { hunter2 = 1 }",
        "secret = \"hunter2\"\nsecret = \"hunter2\"",
        "secret = \"hunter2\" session_token = \"hunter2\"",
        "session_token = hunter2",
        "secret = \"\\hunter2\"",
        "id = \"hunter2/\"",
    ] {
        let found = errors(&format!("[[admin.access_keys]]\n{line}\n"));
        assert!(!found.is_empty(), "{line}");
        let told = rendered(&found).replace("unknown key \"hunter2\"", "");
        assert!(!told.contains(SECRET), "{line}\n{told}");
    }
    let admin = state("[[admin.access_keys]]\nid = \"A\"\nsecret = \"hunter2\"").admin;
    assert!(!format!("{admin:?}").contains(SECRET));
}
