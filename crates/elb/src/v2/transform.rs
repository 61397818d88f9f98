//! Transforms of rules: from the members of a request to the model's, and from there to the file and to answers.

use clingfish_model::{
    Edit, Place, Setting,
    rule::{BadTransform, Rewrite, Transforms},
};

use crate::{Error, Input, Members};

const HOST: &str = "host-header-rewrite";
const URL: &str = "url-rewrite";

/// What a rule's table of them is called.
const KEY: &str = "transforms";

/// A type, and the structure that belongs to it.
const TYPES: [(&str, &str); 2] = [(HOST, "HostHeaderRewriteConfig"), (URL, "UrlRewriteConfig")];

/// Reads `Transforms`: at most one of each type.
pub(crate) fn read(input: &mut Input) -> Result<Option<Transforms>, Error> {
    let Some(list) = input.list("Transforms", read_one)? else {
        return Ok(None);
    };
    let mut transforms = Transforms::default();
    for (kind, rewrite) in list {
        let place = if kind == HOST { &mut transforms.host } else { &mut transforms.url };
        if place.replace(rewrite).is_some() {
            return Err(Error::validation(format!(
                "A rule can only have one transform of type '{kind}'"
            )));
        }
    }
    Ok(Some(transforms))
}

fn read_one(input: &mut Input) -> Result<(&'static str, Rewrite), Error> {
    let words = TYPES.map(|(kind, config)| (kind, (kind, config)));
    let chosen = input.choice("Type", &words)?;
    let (kind, config) = input.required("Type", chosen)?;
    for (_, other) in TYPES.into_iter().filter(|(_, other)| *other != config) {
        if input.has(other) {
            return Err(Error::validation(format!(
                "'{other}' cannot be specified for a transform of type '{kind}'"
            )));
        }
    }
    let rewrites = input.structure(config, |input| {
        input.required_list("Rewrites", |input| {
            Ok((input.required_text("Regex")?, input.required_text("Replace")?))
        })
    })?;
    let [(regex, replace)] = rewrites.as_deref().unwrap_or_default() else {
        return Err(Error::validation(format!(
            "You must specify '{config}' with exactly one rewrite for a transform of type '{kind}'"
        )));
    };
    let new: fn(&str, &str) -> Result<Rewrite, BadTransform> =
        if kind == HOST { Rewrite::host } else { Rewrite::url };
    let rewrite = new(regex, replace).map_err(|error| {
        Error::validation(format!("The transform of type '{kind}' is not valid; {error}"))
    })?;
    Ok((kind, rewrite))
}

/// As answers show them.
pub(crate) fn members(transforms: &Transforms) -> Vec<Members> {
    let pairs = [transforms.host.as_ref(), transforms.url.as_ref()];
    let some = pairs.into_iter().zip(TYPES).filter_map(|(rewrite, names)| Some((rewrite?, names)));
    let shown = some.map(|(rewrite, (kind, config))| {
        let rewrite = Members::default()
            .text("Regex", rewrite.regex().as_str())
            .text("Replace", rewrite.replacement());
        let rewrites = Members::default().list("Rewrites", [rewrite]);
        Members::default().text("Type", kind).structure(config, rewrites)
    });
    shown.collect()
}

/// As the file writes them; nothing where there are none.
pub(crate) fn settings(transforms: &Transforms) -> Option<(&'static str, Setting)> {
    let entry = |kind, rewrite: &Option<Rewrite>| Some((kind, of_rewrite(rewrite.as_ref()?)));
    let entries: Vec<_> = [entry(HOST, &transforms.host), entry(URL, &transforms.url)]
        .into_iter()
        .flatten()
        .collect();
    (!entries.is_empty()).then(|| (KEY, Setting::table(entries)))
}

fn of_rewrite(rewrite: &Rewrite) -> Setting {
    Setting::table([
        ("regex", Setting::text(rewrite.regex().as_str())),
        ("replace", Setting::text(rewrite.replacement())),
    ])
}

/// What makes those of a rule the new ones.
pub(crate) fn changes(place: &Place, old: &Transforms, new: &Transforms) -> Vec<Edit> {
    if old == new {
        return Vec::new();
    }
    vec![match settings(new) {
        Some((key, value)) => Edit::Set(place.clone(), key, value),
        None => Edit::Unset(place.clone(), KEY),
    }]
}
