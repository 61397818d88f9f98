use super::*;

const DOCUMENT: &str = "
| rank | crates |
| --- | --- |
| 0 | model |
| 1 | h1 affinity |
| 2 | snapshot |
| dev | e2e testkit |

| from | to | why |
| --- | --- | --- |
| affinity | h1 | told in the text |

| rank or crate | never uses |
| --- | --- |
| 0 1 snapshot | tokio serde |
";

fn package(name: &str, uses: &[&str]) -> Package {
    Package { name: name.to_owned(), uses: uses.iter().copied().map(str::to_owned).collect() }
}

#[test]
fn only_edges_downwards_are_allowed() {
    let tables = Tables::read(DOCUMENT).unwrap();
    for (from, to, is_allowed) in [
        ("h1", "model", true),
        ("snapshot", "model", true),
        ("model", "h1", false),
        ("h1", "affinity", false),
        ("affinity", "h1", true),
        ("h1", "httparse", true),
        ("h1", "tokio", false),
        ("snapshot", "serde", false),
        ("testkit", "tokio", true),
        ("e2e", "testkit", true),
        ("e2e", "snapshot", true),
        ("snapshot", "testkit", false),
    ] {
        let rank = tables.rank(from).unwrap();
        let fault = fault(&tables, from, rank, to);
        assert_eq!(fault.is_none(), is_allowed, "{from} -> {to}: {fault:?}");
    }
}

#[test]
fn table_and_workspace_name_the_same_crates() {
    let tables = Tables::read(DOCUMENT).unwrap();
    let packages = ["model", "h1", "affinity", "snapshot", "e2e", "console"];
    let packages = packages.map(|name| package(name, &[]));
    assert_eq!(
        faults(&tables, &packages),
        [
            "the rank table names testkit, which is not in the workspace",
            "console is in no row of the rank table",
        ]
    );
}

#[test]
fn a_document_that_cannot_be_checked_is_an_error() {
    for (what, document) in [
        ("no table", "| crates |\n"),
        ("two ranks", "| rank | crates |\n| 0 | model |\n| 1 | model |"),
        ("a rank that is no number", "| rank | crates |\n| low | model |"),
        (
            "an exception without a reason",
            "| rank | crates |\n| 0 | model |\n\n| from | to | why |\n| a | b | |",
        ),
    ] {
        assert!(Tables::read(document).is_err(), "{what}");
    }
}

#[test]
fn dev_dependencies_are_free() {
    let metadata = serde_json::json!({ "packages": [{
        "name": "clingfish-h1",
        "dependencies": [
            { "name": "clingfish-model", "kind": null },
            { "name": "clingfish-testkit", "kind": "dev" },
            { "name": "cc", "kind": "build" },
        ],
    }] });
    let found = packages(&metadata).unwrap();
    assert_eq!(found[0].name, "h1");
    assert_eq!(found[0].uses, ["model", "cc"]);
}
