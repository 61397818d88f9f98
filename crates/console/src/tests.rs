use std::{collections::BTreeSet, fs, path::Path};

use sha2::{Digest, Sha256};

use super::*;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder, as paths in it.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn text(asset: &Asset) -> &'static str {
    std::str::from_utf8(asset.bytes).unwrap()
}

fn ours() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter().filter(|asset| !asset.path.starts_with("vendor/"))
}

#[test]
fn every_file_is_in_the_table_once_and_has_the_type_of_its_name() {
    let mut known: Vec<&str> = ASSETS.iter().map(|asset| asset.path).collect();
    for asset in ASSETS {
        let expected = match asset.path.rsplit('.').next().unwrap() {
            "" => HTML,
            "css" => CSS,
            "js" => SCRIPT,
            "svg" => SVG,
            other => panic!("{other}"),
        };
        assert_eq!(asset.content_type, expected, "{}", asset.path);
        let file = match asset.path {
            "" => "web/index.html".to_owned(),
            path if path.starts_with("vendor/") => path.to_owned(),
            path => format!("web/{path}"),
        };
        assert!(fs::read(folder().join(&file)).unwrap() == asset.bytes, "{file} is another file");
    }
    let mut there: Vec<String> = files(&folder().join("web")).into_iter().collect();
    let code = |name: &String| name.ends_with(".js") || name.ends_with(".css");
    let vendored = files(&folder().join("vendor")).into_iter().filter(code);
    there.extend(vendored.map(|name| format!("vendor/{name}")));
    there.iter_mut().filter(|name| *name == "index.html").for_each(String::clear);
    there.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, there);
}

#[test]
fn what_others_wrote_is_what_its_readme_says() {
    let readme = fs::read_to_string(folder().join("vendor/README.md")).unwrap();
    for name in files(&folder().join("vendor")) {
        if name == "README.md" {
            continue;
        }
        let bytes = fs::read(folder().join("vendor").join(&name)).unwrap();
        let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let row = readme.lines().find(|line| line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the README"));
        assert!(row.contains(&sum), "{name} has the checksum {sum}");
    }
}

#[test]
fn every_import_is_there() {
    let known: BTreeSet<&str> = ASSETS.iter().map(|asset| asset.path).collect();
    for asset in ours().filter(|asset| asset.content_type == SCRIPT) {
        for (_, rest) in
            text(asset).match_indices(" from '").map(|(at, _)| text(asset).split_at(at))
        {
            let name = rest.split('\'').nth(1).unwrap();
            let path = match name.strip_prefix("./") {
                Some(name) => format!("js/{name}"),
                None => name.strip_prefix("../").unwrap_or(name).to_owned(),
            };
            assert!(known.contains(path.as_str()), "{} imports {name}", asset.path);
        }
    }
}

/// What the policy of `control` forbids browsers.
#[test]
fn nothing_is_written_into_pages_and_nothing_comes_from_elsewhere() {
    for asset in ours() {
        for forbidden in
            [" style=\"", " onclick=\"", "<style", "innerHTML", "eval(", "new Function", "@import"]
        {
            assert!(!text(asset).contains(forbidden), "{}: {forbidden}", asset.path);
        }
        for scheme in ["http://", "https://", "//cdn"] {
            for (at, _) in text(asset).match_indices(scheme) {
                let rest = &text(asset)[at..];
                let is_name = rest.starts_with("http://www.w3.org/")
                    || rest.starts_with("http://localhost:9080/");
                assert!(is_name, "{}: {}", asset.path, &rest[..rest.len().min(40)]);
            }
        }
    }
    let page = text(&ASSETS[0]);
    assert_eq!(
        page.matches("<script").count(),
        page.matches("<script type=\"module\" src=").count()
    );
}
