//! Access logs of single load balancers, in a folder that stands for ALB's bucket.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use crate::support::{SOON, log_line, mirror, targets};

/// Listeners `shop` and `blog`, each of a load balancer of its own, with these lines of the former's. One worker, so that lines are in
/// order.
fn two(app: &Target, shop: &str, more: &str) -> String {
    let group = format!("{}\nhealth_check = false", targets(&[("app", app)]));
    let listener = |name: &str| {
        format!(
            "[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\nload_balancer = \"{name}\"\n"
        )
    };
    format!(
        "[server]\nworkers = 1\n{}{}[load_balancers.shop]\n{shop}\n[load_balancers.blog]\n[target_groups.web]\n{group}\n{more}",
        listener("shop"),
        listener("blog")
    )
}

/// The log files below, with their lines, in the order of their times.
fn files(bucket: &Path) -> Vec<(PathBuf, Vec<String>)> {
    let (mut found, mut folders) = (Vec::new(), vec![bucket.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
                let lines = lines.map(str::to_owned).collect();
                found.push((path, lines));
            }
        }
    }
    found.sort();
    found
}

/// Waits until the files hold a line with that text, and gives all their lines.
#[track_caller]
fn wait_line(bucket: &Path, text: &str) -> Vec<String> {
    eventually(SOON, || {
        let lines: Vec<String> = files(bucket).into_iter().flat_map(|(_, lines)| lines).collect();
        lines.iter().any(|line| line.contains(text)).then_some(lines)
    })
}

#[test]
fn the_folder_has_the_requests_of_its_load_balancer_and_no_others() {
    let bucket = tempfile::tempdir().unwrap();
    let app = mirror("app");
    let log =
        format!("access_log = {{ folder = \"{}\", prefix = \"a/b\" }}", bucket.path().display());
    let mut clingfish = Clingfish::start(&two(&app, &log, ""));
    let visit = |listener: &str, path: &str| {
        assert_eq!(RawClient::get(clingfish.listener(listener), path).unwrap().status, 200);
    };
    visit("blog", "/not-here");
    visit("shop", "/here");
    visit("shop", "/last");
    for path in ["/not-here", "/here", "/last"] {
        log_line(&clingfish, path);
    }
    let lines = wait_line(bucket.path(), "/last");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let port = clingfish.listener("shop").port();
    assert!(lines[0].contains(&format!(":{port}/here HTTP/1.1\"")), "{lines:?}");
    assert!(lines[0].starts_with("http 2") && lines[0].contains(" app/shop/"), "{lines:?}");
    assert!(clingfish.terminate().success());
    for (path, _) in files(bucket.path()) {
        let name = path.strip_prefix(bucket.path()).unwrap().display().to_string();
        let start = "a/b/AWSLogs/000000000000/elasticloadbalancing/local/2";
        assert!(name.starts_with(start), "{name}");
        let file = path.file_name().unwrap().to_str().unwrap();
        assert!(file.starts_with("000000000000_elasticloadbalancing_local_app.shop."), "{name}");
        assert!(file.contains("Z_127.0.0.1_"), "{name}");
    }
}

#[test]
fn a_load_balancer_may_have_the_only_log_that_there_is() {
    let bucket = tempfile::tempdir().unwrap();
    let app = mirror("app");
    let log = format!(
        "access_logs.s3.enabled = true\naccess_logs.s3.bucket = \"{}\"",
        bucket.path().display()
    );
    let off = "[access_log]\nsink = \"off\"\n";
    let clingfish = Clingfish::start(&two(&app, "", off));
    let visit = |listener: &str, path: &str| {
        RawClient::get(clingfish.listener(listener), path).unwrap();
    };
    visit("shop", "/before");
    clingfish.reload_with(&two(&app, &log, off));
    visit("blog", "/not-here");
    visit("shop", "/here");
    let lines = wait_line(bucket.path(), "/here");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let count = clingfish.metrics().value("clingfish_access_log_lines_total", &[]);
    assert_eq!(count, Some(1.0));
    assert_eq!(clingfish.output(), "");
}

#[test]
fn a_folder_that_cannot_be_made_refuses_the_configuration() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let app = mirror("app");
    let clingfish = Clingfish::start(&two(&app, "", ""));
    let revision = clingfish.revision();
    let folder = file.path().display();
    clingfish.write_config(&two(&app, &format!("access_log.folder = \"{folder}\""), ""));
    clingfish.reload();
    clingfish
        .wait_log(&format!("load_balancers.shop.access_log: cannot write to {folder}/AWSLogs"));
    assert_eq!(clingfish.revision(), revision);
    assert_eq!(RawClient::get(clingfish.listener("shop"), "/").unwrap().status, 200);
}
