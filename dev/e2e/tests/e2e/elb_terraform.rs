//! What Terraform asks for, call by call, as `docs/terraform.md` tells it.

use std::fs;

use clingfish_testkit::{Background, Clingfish, Port, RawClient};

/// The file of the walk-through.
fn file() -> String {
    let document = include_str!("../../../../docs/terraform.md");
    let (_, rest) = document.split_once("```toml\n").expect("the document has the file");
    let (file, _) = rest.split_once("```").expect("it ends");
    file.replacen("[aws]\n", "[aws]\nbind = \"127.0.0.1\"\n", 1)
}

#[test]
fn terraform_makes_reads_back_changes_and_destroys() {
    let mut clingfish = Clingfish::start(&file());
    let before = fs::read_to_string(clingfish.config_path()).unwrap();
    let port = Port::reserve();
    let (admin, port_text) = (clingfish.admin().to_string(), port.number().to_string());
    let script = include_str!("../../scripts/elb_terraform.py");
    let mut terraform = Background::python(script, &[&admin, &port_text]);
    terraform.wait_line("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/");
    let applied = fs::read_to_string(clingfish.config_path()).unwrap();
    assert!(applied.starts_with("# clingfish.toml\n"), "{applied}");
    let answer = RawClient::get(port.address(), "/admin/x").unwrap();
    assert_eq!((answer.status, &*answer.text()), (503, "closed"));
    // What is in force is what the file says.
    clingfish.reload();
    terraform.tell("go on");
    terraform.wait_line("done");
    terraform.finish();
    assert_eq!(fs::read_to_string(clingfish.config_path()).unwrap(), before);
    assert!(clingfish.terminate().success());
}
