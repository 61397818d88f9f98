//! Whether what clients bring still says where they live, after a change of stickiness.

use std::time::Duration;

use clingfish_model::{
    Stickiness,
    stickiness::{CookieStyle, LbCookie},
};

/// How much of what clients hold would be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Understood {
    /// All of it.
    All,
    /// Some: only the clients know which.
    Some,
    /// None of it.
    Nothing,
}

/// What of one stickiness another one understands, durations aside.
pub(super) fn understood(old: &Stickiness, new: &Stickiness) -> Understood {
    let (old_carriers, new_carriers) = (carriers(old), carriers(new));
    let kept = old_carriers.iter().filter(|carrier| new_carriers.contains(carrier)).count();
    // Nobody but the tokens knows when a session began.
    let is_younger = absolute(new).is_some_and(|new| absolute(old).is_none_or(|old| new < old));
    match kept {
        0 => Understood::Nothing,
        _ if kept < old_carriers.len() || is_younger => Understood::Some,
        _ => Understood::All,
    }
}

/// By what sessions are known, but for what their cookies look like and how long they last; any of these will do.
fn carriers(stickiness: &Stickiness) -> Vec<String> {
    match stickiness {
        Stickiness::Off => Vec::new(),
        Stickiness::LbCookie(token) => vec![format!("cookie {}", name(token))],
        Stickiness::AppCookie(app) => vec![format!("app {:?} {}", app.name, name(&app.token))],
        Stickiness::Header(header) => {
            vec![format!("header {:?} {:?}", header.name(), header.query())]
        }
        Stickiness::Hash(hash) => vec![format!("hash {:?}", hash.key)],
        Stickiness::Route(route) => {
            let place = |place| format!("route {place} {}", route.separator);
            route.places.iter().map(place).collect()
        }
        Stickiness::Learn(learn) => {
            let cookie = learn.cookie.as_ref().map(|token| format!("cookie {}", name(token)));
            learn.places.iter().map(|place| format!("learn {place}")).chain(cookie).collect()
        }
        Stickiness::Wrap(wrap) => vec![format!("wrap {}", wrap.carrier)],
    }
}

fn name(cookie: &LbCookie) -> &str {
    match &cookie.style {
        CookieStyle::Clingfish(shape) => &shape.attributes().name,
        CookieStyle::Alb => "AWSALB",
        CookieStyle::Classic { .. } => "AWSELB",
    }
}

/// The age at which sessions end whatever they do; none where they do not.
fn absolute(stickiness: &Stickiness) -> Option<Duration> {
    match stickiness {
        Stickiness::LbCookie(cookie) => cookie.absolute,
        Stickiness::AppCookie(app) => app.token.absolute,
        Stickiness::Header(header) => header.absolute,
        Stickiness::Wrap(wrap) => wrap.absolute,
        Stickiness::Off | Stickiness::Hash(_) | Stickiness::Route(_) | Stickiness::Learn(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stickiness(text: &str) -> Stickiness {
        let text = format!("[target_groups.web]\ntargets = []\nstickiness = {text}\n");
        let (mut desired, _) = clingfish_config::parse(&text).expect("it is right");
        desired.target_groups.remove(0).stickiness
    }

    #[test]
    fn sessions_stay_known_by_what_both_stickinesses_read() {
        use Understood::{All, Nothing, Some};
        for (old, new, expected) in [
            ("true", "{ duration = '1h', cookie = 'home' }", Nothing),
            (
                "{ cookie = 'home' }",
                "{ cookie = 'home', duration = '1h', same_site = 'strict' }",
                All,
            ),
            ("{ cookie = 'home' }", "{ cookie = 'home', absolute = '1h' }", Some),
            ("{ absolute = '1h' }", "{ absolute = '2h' }", All),
            ("{ absolute = '2h' }", "{ absolute = '1h' }", Some),
            ("true", "{ style = 'alb' }", Nothing),
            ("true", "{ type = 'app_cookie', app_cookie = 'SID' }", Nothing),
            ("true", "{ type = 'header' }", Nothing),
            ("true", "false", Nothing),
            ("{ type = 'hash', key = 'cookie:SID' }", "{ type = 'hash', key = 'client' }", Nothing),
            (
                "{ type = 'hash', key = 'client' }",
                "{ type = 'hash', key = 'client', load_factor = 125 }",
                All,
            ),
            (
                "{ type = 'learn', from = 'cookie:SID' }",
                "{ type = 'learn', from = ['cookie:SID', 'header:X-Id'] }",
                All,
            ),
            (
                "{ type = 'learn', from = ['cookie:SID', 'header:X-Id'] }",
                "{ type = 'learn', from = 'cookie:SID' }",
                Some,
            ),
            (
                "{ type = 'learn', from = 'cookie:SID' }",
                "{ type = 'route', in = 'cookie:SID' }",
                Nothing,
            ),
        ] {
            assert_eq!(understood(&stickiness(old), &stickiness(new)), expected, "{old} → {new}");
        }
    }
}
