//! `transforms` of a rule.

use clingfish_model::rule::{BadTransform, Rewrite, Transforms};

use super::refuse;
use crate::{report::Report, section::Section};

/// Reads both; nothing where one is wrong.
pub(super) fn read(section: &Section<'_>, report: &mut Report<'_>) -> Option<Transforms> {
    let host = read_one(section, "transforms.host-header-rewrite", Rewrite::host, report);
    let url = read_one(section, "transforms.url-rewrite", Rewrite::url, report);
    Some(Transforms { host: host?, url: url? })
}

fn read_one(
    section: &Section<'_>,
    name: &str,
    new: impl FnOnce(&str, &str) -> Result<Rewrite, BadTransform>,
    report: &mut Report<'_>,
) -> Option<Option<Rewrite>> {
    if !section.mentions(name) {
        return Some(None);
    }
    let (regex_key, replace_key) = (format!("{name}.regex"), format!("{name}.replace"));
    let help = format!("write {name} = {{ regex = \"^/old/(.*)$\", replace = \"/new/$1\" }}");
    let regex = section.required(&regex_key, report, &help);
    let replace = section.required(&replace_key, report, &help);
    let (regex, replace) = (regex?.text(report), replace?.text(report));
    let wrong = |error: &BadTransform| match error {
        BadTransform::Regex(_) => regex_key.clone(),
        _ => replace_key.clone(),
    };
    new(regex?, replace?)
        .map_err(|error| refuse(section, &wrong(&error), &error, report))
        .map(Some)
        .ok()
}
