//! Pictures of the console for the documentation: taken by its test, made small, put into `docs/images`.

use anyhow::{Context, Result, ensure};

use crate::{
    commands::{program, run},
    setup, test, workspace,
};

/// The pictures of the test that documents show, each with its name there.
const SHOWN: [(&str, &str); 6] = [
    ("overview-sticky-wide", "console-overview"),
    ("attributes-wide", "console-attributes"),
    ("monitoring-dark", "console-monitoring"),
    ("trace-wide", "console-trace"),
    ("draining-wide", "console-drain"),
    ("check-report-wide", "console-check"),
];

/// All pictures of documents together, in bytes.
const BYTES_MAX: u64 = 500_000;

/// `cargo xtask screenshots`: takes them anew.
pub(crate) fn make() -> Result<()> {
    test::e2e(&["console::".to_owned()])?;
    copy()
}

/// `cargo xtask screenshots --as-they-are`: those that the test has left.
pub(crate) fn copy() -> Result<()> {
    let images = workspace::root().join("docs/images");
    let screens = workspace::root().join("target/console-screens");
    let script = workspace::root().join("dev/e2e/scripts/shrink.py");
    let mut shrink = program(&setup::venv().join("bin/python").to_string_lossy(), []);
    shrink.arg(&script);
    for (screen, image) in SHOWN {
        let screen = screens.join(screen).with_extension("png");
        ensure!(screen.exists(), "there is no {}: `cargo xtask screenshots`", screen.display());
        shrink.arg(screen).arg(images.join(image).with_extension("png"));
    }
    run(&mut shrink)?;
    let mut bytes = 0;
    for entry in images.read_dir().context("docs/images")? {
        bytes += entry?.metadata()?.len();
    }
    println!("docs/images: {} kB", bytes / 1000);
    ensure!(bytes <= BYTES_MAX, "docs/images has more than {} kB", BYTES_MAX / 1000);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_picture_is_shown_by_a_document() {
        let docs = fs::read_dir(workspace::root().join("docs")).unwrap().flatten();
        let pages = docs.map(|entry| fs::read_to_string(entry.path()).unwrap_or_default());
        let pages: Vec<String> = pages.collect();
        for (_, image) in SHOWN {
            let path = format!("images/{image}.png");
            assert!(pages.iter().any(|page| page.contains(&path)), "{path}");
            assert!(workspace::root().join("docs").join(&path).exists(), "{path}");
        }
    }
}
