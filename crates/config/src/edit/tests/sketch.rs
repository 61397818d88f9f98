//! A file as what it says, and that written down in any spelling.

use std::{collections::BTreeMap, fmt::Write};

use super::*;
use crate::keys::TARGET_GROUP;

/// Draws from bytes, so that a failure shrinks.
pub(super) struct Dice<'b> {
    bytes: std::slice::Iter<'b, u8>,
    comments: usize,
}

impl<'b> Dice<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes: bytes.iter(), comments: 0 }
    }

    /// A number below `count`; 0 when the bytes are used up.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % count)
    }

    pub(super) fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }

    /// Perhaps a comment line of its own.
    fn comment(&mut self, indent: &str) -> String {
        self.comments += 1;
        match self.below(4) {
            1 => format!("{indent}# c{}\n", self.comments),
            2 => format!("\n{indent}# alone {}\n\n", self.comments),
            _ => String::new(),
        }
    }

    fn trailing(&mut self) -> String {
        self.comments += 1;
        if self.below(4) == 1 { format!("  # t{}", self.comments) } else { String::new() }
    }
}

#[derive(Clone, Debug, Default)]
struct Group {
    settings: BTreeMap<&'static str, Setting>,
    targets: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    priority: u16,
    is_written: bool,
    forward: &'static str,
}

/// What a file says.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    groups: BTreeMap<&'static str, Group>,
    /// By their ports, with the rules of each.
    listeners: Vec<(u16, Vec<Rule>)>,
}

fn pool() -> Vec<(&'static str, Vec<Setting>)> {
    let seconds = |all: &[u64]| all.iter().map(|one| Setting::seconds(*one)).collect();
    let texts = |all: &[&str]| all.iter().map(|one| Setting::text(*one)).collect();
    let bools = || vec![Setting::Bool(true), Setting::Bool(false)];
    let integers = |all: &[u64]| all.iter().map(|one| Setting::Integer(*one)).collect();
    let tables = || {
        vec![
            Setting::table([("a", Setting::text("1"))]),
            Setting::table([("a", Setting::text("2")), ("b.c d", Setting::text("#"))]),
        ]
    };
    vec![
        ("slow_start", seconds(&[30, 60])),
        ("deregistration_delay", seconds(&[0, 90])),
        ("connect_timeout", seconds(&[1, 2])),
        ("port", integers(&[80, 8080])),
        ("vpc", texts(&["v", "w"])),
        ("algorithm", texts(&["round_robin", "least_outstanding_requests"])),
        ("minimum_healthy.count", integers(&[1, 2])),
        ("stickiness.enabled", bools()),
        ("stickiness.duration", seconds(&[60, 3600])),
        ("stickiness.cookie", texts(&["home", "x"])),
        ("stickiness.path", texts(&["/x", "/y"])),
        ("stickiness.http_only", bools()),
        ("health_check.enabled", bools()),
        ("health_check.path", texts(&["/a", "/b"])),
        ("health_check.interval", seconds(&[20, 30])),
        ("health_check.healthy_threshold", integers(&[3, 4])),
        ("health_check.matcher", texts(&["200", "200-299"])),
        ("tags", tables()),
        ("attributes", tables()),
    ]
}

const GROUPS: [&str; 4] = ["a", "b", "c.d", "e"];
const TABLES: [&str; 3] = ["stickiness", "health_check", "minimum_healthy"];

impl Sketch {
    pub(super) fn draw(dice: &mut Dice<'_>) -> Self {
        let mut sketch = Self { groups: BTreeMap::new(), listeners: Vec::new() };
        for name in GROUPS.iter().take(dice.below(3) + 1) {
            let mut group = Group::default();
            for (key, settings) in pool() {
                if dice.below(3) == 1 {
                    group.settings.insert(key, dice.pick(&settings).clone());
                }
            }
            group.targets = (0..dice.below(4)).map(|at| format!("{name}{at}:1")).collect();
            sketch.groups.insert(name, group);
        }
        for at in 0..dice.below(3) {
            let rules = (0..dice.below(4)).map(|at| u16::try_from(at).unwrap() + 1);
            let rule = |priority| Rule { priority, is_written: false, forward: "a" };
            let mut rules: Vec<Rule> = rules.map(rule).collect();
            for (at, rule) in rules.iter_mut().enumerate() {
                rule.is_written = dice.below(2) == 1;
                if at > 0 && dice.below(4) == 1 {
                    (rule.priority, rule.is_written) = (rule.priority + 40, true);
                }
            }
            // What is not written is counted.
            let mut before = 0;
            for rule in &mut rules {
                rule.priority = if rule.is_written { rule.priority } else { before + 1 };
                before = rule.priority;
            }
            sketch.listeners.push((8000 + u16::try_from(at).unwrap(), rules));
        }
        sketch
    }

    /// In one spelling, with nothing beside it.
    pub(super) fn plain(&self) -> String {
        let mut text = String::new();
        for (port, rules) in &self.listeners {
            let _ = writeln!(text, "[[listeners]]\nbind = \"127.0.0.1:{port}\"\nforward = \"a\"");
            for rule in rules {
                let (priority, forward) = (rule.priority, rule.forward);
                let _ = writeln!(
                    text,
                    "[[listeners.rules]]\npriority = {priority}\nforward = {forward:?}\nconditions = {{ path-pattern = \"/{priority}\" }}"
                );
            }
        }
        for (name, group) in &self.groups {
            let _ = writeln!(text, "[target_groups.{name:?}]\ntargets = {:?}", group.targets);
            for (key, setting) in &group.settings {
                let _ = writeln!(text, "{key} = {}", render::value(setting));
            }
        }
        // The path of a rule is its first priority, which a move leaves behind: see `change`.
        text
    }

    /// In any spelling, with comments.
    pub(super) fn written(&self, dice: &mut Dice<'_>) -> String {
        let mut text = dice.comment("");
        for (port, rules) in &self.listeners {
            text.push_str(&dice.comment(""));
            let _ = writeln!(text, "[[listeners]]{}\nbind = \"127.0.0.1:{port}\"", dice.trailing());
            text.push_str(&dice.comment("  "));
            let _ = writeln!(text, "  forward = \"a\"");
            write_rules(&mut text, rules, dice);
        }
        let style = dice.below(4);
        if style == 2 || style == 3 {
            let _ = writeln!(text, "{}[target_groups]", dice.comment(""));
        }
        for (name, group) in &self.groups {
            let key = render::key(name);
            match style {
                2 => {
                    let entries = entries(group, false, dice);
                    let mut entries: Vec<String> =
                        entries.0.into_iter().map(|line| format!("{key}.{line}")).collect();
                    if entries.is_empty() {
                        // Or it would not be there at all.
                        entries.push(format!("{key} = {{}}"));
                    }
                    write_lines(&mut text, &entries, dice);
                }
                3 => {
                    let _ = writeln!(
                        text,
                        "{key} = {{ {} }}",
                        entries(group, false, dice).0.join(", ")
                    );
                }
                _ => {
                    text.push_str(&dice.comment(""));
                    let _ = writeln!(text, "[target_groups.{key}]{}", dice.trailing());
                    let (lines, blocks) = entries(group, true, dice);
                    write_lines(&mut text, &lines, dice);
                    for (header, lines) in blocks {
                        text.push_str(&dice.comment(""));
                        let _ = writeln!(text, "{}", header.replace("NAME", &key));
                        write_lines(&mut text, &lines, dice);
                    }
                }
            }
        }
        text
    }

    /// A change of it, and the changes of the file that this is.
    pub(super) fn change(&mut self, dice: &mut Dice<'_>) -> Vec<Edit> {
        let names: Vec<&'static str> = self.groups.keys().copied().collect();
        let group_name = *dice.pick(&names);
        let place = || Place::TargetGroup(name(group_name));
        let pool = pool();
        let (key, settings) = dice.pick(&pool);
        let key = *key;
        let kind = dice.below(10);
        if kind >= 7 {
            return self.change_rules(dice);
        }
        let fresh = GROUPS.iter().find(|known| !self.groups.contains_key(**known));
        let group = self.groups.get_mut(group_name).unwrap();
        match kind {
            0 => {
                unset(group, key);
                vec![Edit::Unset(place(), key)]
            }
            1 => {
                let table = *dice.pick(&TABLES);
                group.settings.retain(|key, _| crate::keys::below(key, table).is_none());
                vec![Edit::Unset(place(), table)]
            }
            2 => {
                let at = format!("new{}:1", dice.below(100));
                if group.targets.contains(&at) {
                    return Vec::new();
                }
                group.targets.push(at.clone());
                vec![Edit::AddTarget(name(group_name), Setting::text(at))]
            }
            3 if !group.targets.is_empty() => {
                let gone = group.targets.remove(dice.below(group.targets.len()));
                vec![Edit::RemoveTarget(name(group_name), TargetId::new(gone).unwrap())]
            }
            4 if fresh.is_some() && dice.below(2) == 1 => {
                let setting = dice.pick(settings).clone();
                let new = Group { settings: [(key, setting.clone())].into(), targets: Vec::new() };
                self.groups.insert(fresh.unwrap(), new);
                vec![Edit::Add(Place::TargetGroup(name(fresh.unwrap())), vec![(key, setting)])]
            }
            4 if group_name != "a" => {
                self.groups.remove(group_name);
                vec![Edit::Remove(place())]
            }
            _ => {
                let setting = dice.pick(settings).clone();
                group.settings.insert(key, setting.clone());
                vec![Edit::Set(place(), key, setting)]
            }
        }
    }

    fn change_rules(&mut self, dice: &mut Dice<'_>) -> Vec<Edit> {
        if self.listeners.is_empty() {
            return Vec::new();
        }
        let at = dice.below(self.listeners.len());
        let (port, rules) = &mut self.listeners[at];
        let listener = name(&format!("127.0.0.1-{port}"));
        let conditions = |priority: u16| {
            let path = Setting::text(format!("/{priority}"));
            ("conditions", Setting::table([("path-pattern", path)]))
        };
        match dice.below(3) {
            0 => {
                let new = u16::try_from(dice.below(90)).unwrap() + 100;
                if rules.iter().any(|rule| rule.priority == new) {
                    return Vec::new();
                }
                rules.push(Rule { priority: new, is_written: true, forward: "a" });
                let settings = vec![conditions(new), ("forward", Setting::text("a"))];
                vec![Edit::Add(Place::Rule(listener, priority(new)), settings)]
            }
            1 if !rules.is_empty() => {
                let gone = rules.remove(dice.below(rules.len()));
                vec![Edit::Remove(Place::Rule(listener, priority(gone.priority)))]
            }
            _ if !rules.is_empty() => {
                let which = dice.below(rules.len());
                let (from, to) =
                    (rules[which].priority, 300 + u16::try_from(dice.below(99)).unwrap());
                if rules.iter().any(|rule| rule.priority == to) {
                    return Vec::new();
                }
                rules[which].priority = to;
                let (key, setting) = conditions(to);
                vec![
                    Edit::Prioritise(listener.clone(), vec![(priority(from), priority(to))]),
                    Edit::Set(Place::Rule(listener, priority(to)), key, setting),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// Changes to what is there already.
    pub(super) fn as_they_are(&self) -> Vec<Edit> {
        let groups = self.groups.iter().flat_map(|(group, sketch)| {
            let place = Place::TargetGroup(name(group));
            sketch
                .settings
                .iter()
                .map(move |(key, setting)| Edit::Set(place.clone(), key, setting.clone()))
        });
        groups.collect()
    }
}

/// On because something was said about it, it stays on.
fn unset(group: &mut Group, key: &'static str) {
    let is_sticky = |group: &Group| group.settings.keys().any(|key| key.starts_with("stickiness."));
    let was_sticky = is_sticky(group);
    group.settings.remove(key);
    if key.starts_with("stickiness.")
        && key != "stickiness.enabled"
        && was_sticky
        && !is_sticky(group)
    {
        group.settings.insert("stickiness.enabled", Setting::Bool(true));
    }
}

fn write_lines(text: &mut String, lines: &[String], dice: &mut Dice<'_>) {
    for line in lines {
        let indent = if dice.below(4) == 1 { "  " } else { "" };
        text.push_str(&dice.comment(indent));
        let _ = writeln!(text, "{indent}{line}{}", dice.trailing());
    }
}

fn write_rules(text: &mut String, rules: &[Rule], dice: &mut Dice<'_>) {
    let in_brackets = dice.below(3) == 1;
    let rule = |rule: &Rule| {
        let mut lines = vec![
            format!("forward = {:?}", rule.forward),
            format!("conditions = {{ path-pattern = \"/{}\" }}", rule.priority),
        ];
        if rule.is_written {
            lines.insert(1, format!("priority = {}", rule.priority));
        }
        lines
    };
    if in_brackets {
        let rules: Vec<String> =
            rules.iter().map(|one| format!("{{ {} }}", rule(one).join(", "))).collect();
        let _ = writeln!(text, "rules = [{}]", rules.join(", "));
        return;
    }
    for one in rules {
        text.push_str(&dice.comment(""));
        let _ = writeln!(text, "[[listeners.rules]]");
        write_lines(text, &rule(one), dice);
    }
}

type Blocks = Vec<(String, Vec<String>)>;

/// The lines of a group's table, and the tables and lines that follow it.
fn entries(group: &Group, may_have_blocks: bool, dice: &mut Dice<'_>) -> (Vec<String>, Blocks) {
    let (mut lines, mut blocks) = (Vec::new(), Blocks::new());
    let mut inside: BTreeMap<&str, Vec<(&'static str, &Setting)>> = BTreeMap::new();
    for (key, setting) in &group.settings {
        match TABLES.iter().find(|table| crate::keys::below(key, table).is_some()) {
            Some(table) => inside.entry(table).or_default().push((key, setting)),
            None if may_have_blocks
                && dice.below(4) == 1
                && matches!(setting, Setting::Table(_)) =>
            {
                let Setting::Table(entries) = setting else { continue };
                let line = |(key, setting): &(String, Setting)| {
                    format!("{} = {}", render::key(key), render::value(setting))
                };
                blocks.push((
                    format!("[target_groups.NAME.{key}]"),
                    entries.iter().map(line).collect(),
                ));
            }
            None => lines.push(spelled(key, setting, dice)),
        }
    }
    for (table, settings) in inside {
        let rest = |key: &'static str| crate::keys::below(key, table).unwrap();
        let own = |(key, setting): &(&'static str, &Setting)| {
            format!("{} = {}", rest(key), render::value(setting))
        };
        match dice.below(5) {
            1 => lines.push(format!(
                "{table} = {{ {} }}",
                settings.iter().map(own).collect::<Vec<_>>().join(", ")
            )),
            2 if may_have_blocks => blocks.push((
                format!("[target_groups.NAME.{table}]"),
                settings.iter().map(own).collect(),
            )),
            3 if matches!(settings[..], [(key, _)] if rest(key) == "enabled") => {
                lines.push(format!("{table} = {}", render::value(settings[0].1)));
            }
            4 => lines.extend(
                settings
                    .iter()
                    .map(|(key, setting)| format!("\"{key}\" = {}", render::value(setting))),
            ),
            _ => lines.extend(settings.iter().map(|(key, setting)| spelled(key, setting, dice))),
        }
    }
    let targets: Vec<String> = group.targets.iter().map(|target| format!("{target:?}")).collect();
    match dice.below(4) {
        1 if may_have_blocks => {
            let block = |target: &String| {
                ("[[target_groups.NAME.targets]]".to_owned(), vec![format!("address = {target}")])
            };
            blocks.extend(targets.iter().map(block));
        }
        2 => {
            let mut list = String::from("targets = [\n");
            for target in &targets {
                let _ = writeln!(
                    list,
                    "{}    {target},{}",
                    dice.comment("    ").replace("\n\n", "\n"),
                    dice.trailing()
                );
            }
            lines.push(format!("{list}]"));
        }
        _ if targets.is_empty() => {}
        _ => lines.push(format!("targets = [{}]", targets.join(", "))),
    }
    (lines, blocks)
}

/// Under one of its names, with its unit.
fn spelled(key: &'static str, setting: &Setting, dice: &mut Dice<'_>) -> String {
    let (known, _) = TARGET_GROUP.find(key).unwrap();
    let names: Vec<&str> = known
        .names()
        .filter(|name| {
            !TABLES.contains(name) && !name.contains("app_cookie") && !name.contains("grpc")
        })
        .collect();
    let name = *dice.pick(&names);
    let setting = match setting {
        Setting::Text(text) if name.ends_with("seconds") => {
            Setting::Integer(crate::units::parse_duration(text).unwrap().as_secs())
        }
        other => other.clone(),
    };
    let name = if dice.below(3) == 1 { format!("{name:?}") } else { name.to_owned() };
    format!("{name} = {}", render::value(&setting))
}
