//! The decision over every kind of stickiness: total, the same for the same inputs, never for a target that takes nothing.

use std::time::Duration;

use clingfish_affinity::{Claim, Verdict};
use clingfish_health::CheckOutcome;
use clingfish_model::{
    RequestHead, Stickiness, TargetGroup, UnixMillis,
    stickiness::{
        AppCookie, AppCookieName, Carrier, CookieStyle, ForeignCookie, HashAffinity, HashKey,
        HeaderToken, IdBirth, IdPlace, LbCookie, Learn, Route, Scheme, Wrap,
    },
};
use clingfish_snapshot::Tried;
use proptest::prelude::*;

use crate::support::{Client, HOUR, START, World, group_of, lb_cookie, request, target};

const IDS: [&str; 4] = ["a", "b", "c", "d"];

fn app(style: CookieStyle) -> Stickiness {
    let token = LbCookie { style, ..lb_cookie(HOUR) };
    Stickiness::AppCookie(AppCookie { name: AppCookieName::new("sid").unwrap(), token })
}

fn kinds() -> Vec<Stickiness> {
    let cookie = |style| Stickiness::LbCookie(LbCookie { style, ..lb_cookie(HOUR) });
    let sid = || IdPlace::Cookie("sid".into());
    let learn = |cookie| {
        Stickiness::Learn(Learn {
            births: vec![IdBirth::Cookie("sid".into())],
            places: vec![sid()],
            path_prefix: "/".into(),
            duration: HOUR,
            sessions_max: Learn::SESSIONS,
            per_client_max: Learn::PER_CLIENT,
            cookie,
        })
    };
    let key = HashKey::parse("cookie:sid").unwrap();
    vec![
        Stickiness::Off,
        cookie(lb_cookie(HOUR).style),
        cookie(CookieStyle::Alb),
        cookie(CookieStyle::Classic { max_age: None }),
        app(lb_cookie(HOUR).style),
        app(CookieStyle::Alb),
        app(CookieStyle::Classic { max_age: None }),
        Stickiness::Header(HeaderToken::new("X-Home", "home", HOUR, None).unwrap()),
        Stickiness::Hash(HashAffinity { key, load_factor: None }),
        Stickiness::Route(Route { places: vec![sid()], separator: b'.' }),
        learn(None),
        learn(Some(lb_cookie(HOUR))),
        Stickiness::Wrap(Wrap { carrier: Carrier::Cookie("sid".into()), absolute: None }),
    ]
}

/// What somebody may bring.
fn cookies() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => Just("TOKEN".to_owned()),
        2 => "sid=[0-9]{1,4}\\.[a-e]",
        1 => "sid=[a-d0-9.]{0,12}",
        2 => "old=[a-e]",
        1 => "(cling|cling_x|AWSALB|AWSALBAPP-0|AWSELB|sid)=[A-Za-z0-9+/_=-]{0,140}",
        1 => "[ -~]{0,40}",
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.join("; "))
}

fn world(kind: Stickiness, states: &[(bool, bool, u64)]) -> World {
    let targets = IDS.iter().zip(states).map(|(id, (_, drain, weight))| clingfish_model::Target {
        drain: *drain,
        weight: crate::support::weight(*weight),
        ..target(id)
    });
    let import = ForeignCookie {
        name: "old".into(),
        scheme: Scheme::Name,
        until: UnixMillis(START.0 + 1000),
    };
    let group =
        TargetGroup { stickiness: kind, imports: vec![import], ..group_of(targets.collect()) };
    let world = World::unchecked(group);
    for (id, (healthy, ..)) in IDS.iter().zip(states) {
        world.check(id, if *healthy { CheckOutcome::Good } else { CheckOutcome::Failed });
    }
    world
}

proptest! {
    #[test]
    fn every_kind_decides_alike_and_for_somebody_who_may(
        kind in prop::sample::select(kinds()),
        states in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u64..3), 1..=4),
        field in cookies(),
        age in 0_u64..8000,
        turns in prop::collection::vec(any::<bool>(), 4),
    ) {
        let mut world = world(kind, &states);
        // A real token of the group, where it has any in cookies.
        let mut client = Client::default();
        let policy = world.group().policy.as_ref();
        if policy.is_some_and(|policy| policy.app_cookie().is_none() && policy.header().is_none()) {
            let _ = client.visit(&mut world);
        }
        // Some fail meanwhile, and some recover.
        let mut states = states;
        for ((id, state), turns) in IDS.iter().zip(&mut states).zip(turns) {
            if turns {
                state.0 = !state.0;
                world.check(id, if state.0 { CheckOutcome::Good } else { CheckOutcome::Failed });
            }
        }
        let field = field.replace("TOKEN", &client.cookie);
        world.later(Duration::from_secs(age));
        let (bytes, parts) = request(&field);
        let head = RequestHead::new(&bytes, &parts);
        let decide = |world: &mut World| {
            let mut reading = world.claim(&field, None);
            let (ring, wall) = (std::sync::Arc::clone(&world.ring), world.wall);
            world.group().identify(head, &ring, wall, &mut reading);
            let cursor = world.cursor;
            let placed = world.place(&reading, &Tried::default());
            world.cursor = cursor;
            (reading.claim, placed)
        };
        let (claim, placed) = decide(&mut world);
        prop_assert_eq!(&decide(&mut world), &(claim, placed), "the same again");
        let open = world.group().roster().fail_open;
        let takes = |at: usize| {
            let (healthy, drain, weight) = states[at];
            !drain && weight > 0 && (healthy || open)
        };
        match placed {
            Ok(placement) => {
                let (healthy, ..) = states[placement.target];
                let is_home = matches!(placement.verdict(), Verdict::Hit | Verdict::Imported);
                prop_assert!(takes(placement.target) || (is_home && (healthy || open)), "{:?}", placement);
                if is_home && !matches!(claim, Claim::Keyed(_)) {
                    let home = claim.home().and_then(|home| world.group().find(home));
                    prop_assert_eq!(home, Some(placement.target));
                }
            }
            Err(_) => prop_assert!(!(0..states.len()).any(takes), "somebody takes new sessions: {:?}", states),
        }
    }
}
