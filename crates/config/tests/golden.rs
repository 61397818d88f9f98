//! What files become and what is said about wrong ones, as whole texts. `UPDATE_GOLDEN=1` writes them anew: read the difference.

use std::{fs, path::PathBuf};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn compare(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).expect("the golden files can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} differs; UPDATE_GOLDEN=1 would write:\n{actual}");
}

/// Cases are apart by an empty line; what is said about each follows it, behind `> `.
#[test]
fn wrong_files_are_told_what_to_write_instead() {
    let golden = include_str!("golden/errors.txt");
    let mut actual = String::new();
    for case in golden.trim_end().split("\n\n") {
        let text: Vec<&str> = case.lines().filter(|line| !line.starts_with("> ")).collect();
        let text = text.join("\n");
        actual.push_str(&text);
        actual.push('\n');
        if !text.starts_with("## ") {
            let errors = clingfish_config::parse(&text).expect_err(&text);
            for line in errors.iter().flat_map(|error| {
                let rendered = error.render("clingfish.toml");
                rendered.lines().map(str::to_owned).collect::<Vec<_>>()
            }) {
                actual.push_str(&format!("> {line}\n"));
            }
        }
        actual.push('\n');
    }
    compare("errors.txt", actual.trim_end());
}

#[test]
fn examples_become_what_they_say() {
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let mut path = entry.unwrap().path();
        // A folder has an application beside its file.
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            path.push("clingfish.toml");
        }
        if path.extension().is_none_or(|extension| extension != "toml") || !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let shown = path.display();
        let (state, warnings) =
            clingfish_config::parse(&text).unwrap_or_else(|errors| panic!("{shown}: {errors:#?}"));
        assert!(warnings.is_empty(), "{shown}: {warnings:#?}");
        compare(&format!("{stem}.txt"), &format!("{state:#?}\n"));
        seen += 1;
    }
    assert!(seen > 0, "no examples");
}
