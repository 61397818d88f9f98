//! The tables of ARCHITECTURE.md.

use std::{collections::BTreeMap, fmt};

use anyhow::{Result, ensure};

const RANKS: [&str; 2] = ["rank", "crates"];
const EXCEPTIONS: [&str; 3] = ["from", "to", "why"];
const BANS: [&str; 2] = ["rank or crate", "never uses"];

/// How high a crate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Shipped: uses lower ranks only.
    Shipped(u8),
    /// For development: may use anything, used by nothing that is shipped.
    Dev,
}

impl Rank {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "dev" => Ok(Self::Dev),
            number => Ok(Self::Shipped(number.parse()?)),
        }
    }

    /// Whether a crate of this rank may use one of the other.
    pub(super) fn may_use(self, other: Self) -> bool {
        match (self, other) {
            (Self::Dev, _) => true,
            (Self::Shipped(_), Self::Dev) => false,
            (Self::Shipped(mine), Self::Shipped(others)) => others < mine,
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(number) => write!(f, "{number}"),
            Self::Dev => f.write_str("dev"),
        }
    }
}

/// What the document says.
#[derive(Debug)]
pub(super) struct Tables {
    ranks: BTreeMap<String, Rank>,
    exceptions: Vec<(String, String)>,
    bans: Vec<Ban>,
}

/// The crates that are never used by a rank or a crate.
#[derive(Debug)]
struct Ban {
    by: Vec<String>,
    banned: Vec<String>,
}

impl Tables {
    /// Finds the tables in the document by their headings.
    pub(super) fn read(markdown: &str) -> Result<Self> {
        let mut ranks = BTreeMap::new();
        for [rank, crates] in rows(markdown, RANKS) {
            let rank = Rank::parse(rank)?;
            for name in words(crates) {
                let before = ranks.insert(name.clone(), rank);
                ensure!(before.is_none(), "{name} has two ranks in ARCHITECTURE.md");
            }
        }
        ensure!(!ranks.is_empty(), "ARCHITECTURE.md has no table of ranks");
        let mut exceptions = Vec::new();
        for [from, to, why] in rows(markdown, EXCEPTIONS) {
            ensure!(!why.is_empty(), "the exception {from} to {to} has no reason");
            exceptions.push((from.to_owned(), to.to_owned()));
        }
        let bans = rows(markdown, BANS)
            .into_iter()
            .map(|[by, banned]| Ban { by: words(by), banned: words(banned) });
        Ok(Self { bans: bans.collect(), ranks, exceptions })
    }

    /// The rank of a crate of the workspace.
    pub(super) fn rank(&self, name: &str) -> Option<Rank> {
        self.ranks.get(name).copied()
    }

    /// Whether the document allows this edge against the rule.
    pub(super) fn is_excepted(&self, from: &str, to: &str) -> bool {
        let mut exceptions = self.exceptions.iter();
        exceptions.any(|(allowed_from, allowed_to)| allowed_from == from && allowed_to == to)
    }

    /// Whether the document bans this edge, by the crate's name or its rank.
    pub(super) fn is_banned(&self, from: &str, to: &str) -> bool {
        let rank = self.rank(from).map(|rank| rank.to_string());
        self.bans.iter().any(|ban| {
            let is_meant = |by: &String| by == from || Some(by) == rank.as_ref();
            ban.by.iter().any(is_meant) && ban.banned.iter().any(|banned| banned == to)
        })
    }

    /// Rows about crates that are not there.
    pub(super) fn stale<'a>(&self, present: impl Iterator<Item = &'a str>) -> Vec<String> {
        let present: Vec<&str> = present.collect();
        let named = self.ranks.keys().filter(|name| !present.contains(&name.as_str()));
        named
            .map(|name| format!("the rank table names {name}, which is not in the workspace"))
            .collect()
    }
}

fn words(cell: &str) -> Vec<String> {
    cell.split_whitespace().map(str::to_owned).collect()
}

/// The rows of every table with that heading.
fn rows<'a, const N: usize>(markdown: &'a str, heading: [&str; N]) -> Vec<[&'a str; N]> {
    let mut is_ours = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        let Some(cells) = cells::<N>(line) else {
            is_ours = false;
            continue;
        };
        if cells == heading {
            is_ours = true;
        } else if is_ours && !cells.iter().all(|cell| is_rule(cell)) {
            found.push(cells);
        }
    }
    found
}

fn cells<const N: usize>(line: &str) -> Option<[&str; N]> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    cells.try_into().ok()
}

fn is_rule(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|c| matches!(c, b'-' | b':'))
}
