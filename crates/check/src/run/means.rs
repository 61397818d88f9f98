//! By what clients come home: tried with one cookie after another, and with none.

use super::ground::Ground;
use crate::{
    balancer::recognise_by_home,
    client::CheckError,
    jar::Jar,
    judge::{Course, same_home},
    limits::{COOKIES_TRIED_MAX, REPEATS},
    promise::Outcome,
    set_cookie::SetCookie,
};

/// By what clients come home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// By any of these cookies.
    Cookies(Vec<String>),
    /// By some of these cookies together.
    Together(Vec<String>),
    /// Without cookies: by their address, or something else that they have in common with themselves.
    NoCookie,
    /// They do not.
    Nothing,
    /// That could not be told.
    Unknown,
}

impl Means {
    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Cookies(names) => format!("by the cookie {}", names.join(" or ")),
            Self::Together(names) => format!("by the cookies {} together", names.join(", ")),
            Self::NoCookie => "without a cookie: by the client's address or the like".to_owned(),
            Self::Nothing => "not at all".to_owned(),
            Self::Unknown => "could not be told".to_owned(),
        }
    }
}

impl Ground<'_> {
    /// By what clients come home; tried once.
    pub(super) async fn means(&mut self) -> Result<Means, CheckError> {
        if let Some(means) = &self.known_means {
            return Ok(means.clone());
        }
        let means = match self.new_connection().outcome {
            Outcome::Kept => self.find_means().await?,
            Outcome::Broken => Means::Nothing,
            Outcome::CouldNotTell => Means::Unknown,
        };
        if let Means::Cookies(names) = &means {
            let mut all = self.fresh.iter().flatten().flat_map(|answer| answer.cookies());
            if let Some(set) = all.find(|set| names.contains(&set.name)) {
                self.recognised = recognise_by_home(&set, &self.recognised);
            }
        }
        self.known_means = Some(means.clone());
        Ok(means)
    }

    async fn find_means(&self) -> Result<Means, CheckError> {
        if self.is_enough(&[]).await? {
            return Ok(Means::NoCookie);
        }
        let mut all: Vec<String> = Vec::new();
        for name in self.guests.iter().flat_map(|guest| guest.visitor.jar.names()) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all.truncate(COOKIES_TRIED_MAX);
        let mut enough = Vec::new();
        for name in &all {
            if self.is_enough(std::slice::from_ref(name)).await? {
                enough.push(name.clone());
            }
        }
        Ok(match (enough.is_empty(), all.is_empty()) {
            (false, _) => Means::Cookies(enough),
            (true, false) => Means::Together(all),
            // They came home by chance, then.
            (true, true) => Means::Nothing,
        })
    }

    /// Whether clients with these cookies alone come home, each time as if it were the first.
    async fn is_enough(&self, names: &[String]) -> Result<bool, CheckError> {
        let mut courses: Vec<Course> = Vec::new();
        for guest in self.guests.iter().take(3) {
            let mut later = Vec::new();
            for _ in 0..REPEATS {
                let jar: Jar = guest.visitor.jar.only(names);
                later.push(guest.visitor.with(jar).visit_anew().await?);
            }
            courses.push(self.course(&guest.first, &later));
            // One that is lost says it all.
            if same_home(&courses, self.targets.len(), "").outcome != Outcome::Kept {
                return Ok(false);
            }
        }
        Ok(!courses.is_empty())
    }

    /// The lines that set the balancer's cookies, the first of each name: those by which clients come home, or else those that
    /// look like this balancer's.
    pub(super) async fn affinity_cookies(&mut self) -> Result<Vec<SetCookie>, CheckError> {
        let mut names = match self.means().await? {
            Means::Cookies(names) => names,
            _ => Vec::new(),
        };
        for name in &self.recognised.cookies {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let now = crate::clock::unix_seconds();
        let mut found: Vec<SetCookie> = Vec::new();
        for set in self.fresh.iter().flatten().flat_map(|answer| answer.cookies()) {
            let is_new = found.iter().all(|known| known.name != set.name);
            if is_new
                && names.contains(&set.name)
                && set.value != "_remove_"
                && !set.is_removal(now)
            {
                found.push(set);
            }
        }
        Ok(found)
    }
}
