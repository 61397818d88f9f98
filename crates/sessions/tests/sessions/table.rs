//! What a table of many shards does for those who share it.

use std::{net::Ipv4Addr, num::NonZeroU32, sync::Barrier, thread, time::Duration};

use clingfish_model::{TargetHash, UnixMillis};
use clingfish_sessions::{ClientKey, Learned, Limits, Seed, SessionKey, Table};

const IDLE: Duration = Duration::from_secs(60);
const START: UnixMillis = UnixMillis(1_764_429_704_000);

fn table(sessions_max: u32, per_client_max: u32) -> Table {
    let limit = |number| NonZeroU32::new(number).expect("no limit here is zero");
    Table::new(Limits { sessions_max: limit(sessions_max), per_client_max: limit(per_client_max) })
}

fn key(number: u32) -> SessionKey {
    let seed = Seed::new([[1; 16], [2; 16]]);
    SessionKey::of(&seed, &number.to_be_bytes())
}

fn client(number: u32) -> ClientKey {
    ClientKey::of(&Seed::new([[1; 16], [2; 16]]), Ipv4Addr::from(number).into())
}

fn after(millis: u32) -> UnixMillis {
    START + Duration::from_millis(millis.into())
}

#[test]
fn a_full_table_stays_within_its_limit_and_keeps_those_in_use() {
    let table = table(20_000, 20_000);
    for number in 0..100_000 {
        let now = after(number / 10);
        table.learn(key(number), TargetHash([1; 16]), client(number), now, IDLE);
        // The first hundred come back all the time.
        table.find(key(number % 100), now, IDLE);
        assert!(number % 1000 != 0 || table.len() <= 20_000, "{} after {number}", table.len());
    }
    let kept = (0..100).filter(|&number| table.peek(key(number), after(10_000), IDLE).is_some());
    assert_eq!(kept.count(), 100);
    let counts = table.counts();
    assert!(table.len() > 19_500, "a table that was full has {}", table.len());
    assert_eq!(counts.learned, 100_000);
    assert_eq!(counts.evicted_full, 100_000 - table.len());
}

#[test]
fn a_client_that_holds_its_quota_evicts_itself_only() {
    let table = table(100_000, 50);
    for number in 0..1_000 {
        table.learn(key(number), TargetHash([1; 16]), client(number), START, IDLE);
    }
    for number in 1_000..20_000 {
        let learned = table.learn(key(number), TargetHash([2; 16]), client(7), after(1), IDLE);
        assert!(matches!(learned, Learned::New { by_room: None, .. }), "{learned:?}");
    }
    let kept = (0..1_000).filter(|&number| table.peek(key(number), after(1), IDLE).is_some());
    // Its own first session may have had to go.
    assert!(kept.count() >= 999);
    assert_eq!(table.held(client(7)), 50);
    // It holds one of the thousand, and fifty less that one of the rest.
    assert_eq!(table.counts().quota_hits, 19_000 - 49);
    assert_eq!(table.counts().evicted_quota, 19_000 - 49);
    assert_eq!(table.len(), 1_049);
}

#[test]
fn sessions_that_a_client_still_uses_outlast_those_that_it_abandons() {
    let table = table(100_000, 200);
    for number in 0..50 {
        table.learn(key(number), TargetHash([1; 16]), client(7), START, IDLE);
    }
    // Behind the same address something starts a session with each request.
    for number in 50..5_000 {
        let now = after(number);
        table.learn(key(number), TargetHash([1; 16]), client(7), now, IDLE);
        table.find(key(number % 50), now, IDLE);
    }
    let kept = (0..50).filter(|&number| table.peek(key(number), after(5_000), IDLE).is_some());
    let kept = kept.count();
    assert!(kept >= 49, "{kept} of 50 are left");
}

#[test]
fn what_expired_makes_room_first() {
    let table = table(16, 16);
    for number in 0..16 {
        let seen = if number == 9 { START } else { after(50_000) };
        table.learn(key(number), TargetHash([1; 16]), client(number), seen, IDLE);
    }
    let learned = table.learn(key(99), TargetHash([1; 16]), client(99), after(60_001), IDLE);
    let Learned::New { by_quota: None, by_room: Some(evicted) } = learned else {
        panic!("{learned:?}");
    };
    assert!(evicted.expired);
    assert_eq!((table.counts().expired, table.counts().evicted_full), (1, 0));
    assert_eq!(table.held(client(9)), 0);
}

#[test]
fn sweeps_go_on_where_the_last_one_ended_until_all_that_expired_is_gone() {
    let table = table(40_000, 40_000);
    for number in 0..10_000 {
        let seen = if number % 4 == 0 { after(30_000) } else { START };
        table.learn(key(number), TargetHash([1; 16]), client(number), seen, IDLE);
    }
    let mut sweeps = 0;
    while table.len() > 2_500 {
        let swept = table.sweep(after(60_001), IDLE, 1_000);
        assert!(swept.looked <= 1_024 && swept.expired <= swept.looked, "{swept:?}");
        sweeps += 1;
        assert!(sweeps < 30, "{} left after {sweeps} sweeps", table.len());
    }
    assert!(sweeps >= 7, "a budget of 1,000 places cannot clear 7,500 in {sweeps} sweeps");
    assert_eq!(table.counts().expired, 7_500);
    let before = table.memory_bytes();
    assert_eq!(table.sweep(after(90_001), IDLE, usize::MAX).expired, 2_500);
    assert!(table.is_empty());
    assert!(table.memory_bytes() < before / 2, "{before}, then {}", table.memory_bytes());
}

#[test]
fn counting_by_target_stops_at_as_many_targets_as_were_asked_for() {
    let table = table(10_000, 10_000);
    for number in 0..3_000 {
        let target = TargetHash([(number % 3) as u8; 16]);
        table.learn(key(number), target, client(number), START, IDLE);
    }
    let counts = table.count_by_target(START, IDLE, 3);
    assert_eq!(counts.by_target.into_values().collect::<Vec<_>>(), [1_000; 3]);
    assert_eq!(counts.others, 0);
    let counts = table.count_by_target(START, IDLE, 2);
    assert_eq!((counts.by_target.len(), counts.others), (2, 1_000));
}

#[test]
fn a_session_that_is_learned_with_another_target_moves() {
    let table = table(100, 10);
    table.learn(key(1), TargetHash([1; 16]), client(1), START, IDLE);
    let moved = table.learn(key(1), TargetHash([2; 16]), client(2), after(5), IDLE);
    assert_eq!(moved, Learned::Moved { from: TargetHash([1; 16]) });
    let found = table.find(key(1), after(6), IDLE).unwrap();
    assert_eq!((found.target, found.learned), (TargetHash([2; 16]), after(5)));
    assert_eq!((table.held(client(1)), table.held(client(2))), (1, 0));
}

/// A sequence of numbers that look random: xorshift.
fn next(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

#[test]
fn workers_that_share_a_table_never_break_its_limits_and_the_accounts_add_up() {
    const WORKERS: u32 = 4;
    let table = table(4_000, 60);
    let barrier = Barrier::new(WORKERS as usize);
    thread::scope(|scope| {
        for worker in 1..=WORKERS {
            let (table, barrier) = (&table, &barrier);
            scope.spawn(move || {
                let mut state = worker;
                barrier.wait();
                for step in 0..30_000 {
                    let (number, now) = (next(&mut state) % 8_000, after(step));
                    let target = TargetHash([(number % 7) as u8; 16]);
                    match next(&mut state) % 8 {
                        0 => drop(table.forget(key(number))),
                        1 | 2 => drop(table.find(key(number), now, IDLE)),
                        3 if step % 100 == 0 => drop(table.sweep(now, Duration::from_secs(5), 512)),
                        _ => drop(table.learn(key(number), target, client(number % 60), now, IDLE)),
                    }
                }
            });
        }
    });
    let held: Vec<u32> = (0..60).map(|number| table.held(client(number))).collect();
    assert!(held.iter().all(|&held| held <= 60), "{held:?}");
    assert_eq!(u64::from(held.iter().sum::<u32>()), table.len());
    assert!(table.len() <= 4_000);
    let counted = table.count_by_target(after(0), IDLE, 7).by_target;
    assert_eq!(counted.into_values().sum::<u64>(), table.len());
    let counts = table.counts();
    assert!(counts.evicted_quota > 0 && counts.expired > 0 && counts.moved == 0, "{counts:?}");
    table.sweep(after(1_000_000), IDLE, usize::MAX);
    assert!(table.is_empty());
    assert!((0..60).all(|number| table.held(client(number)) == 0));
}
