use proptest::prelude::*;

use super::*;

const IDLE: Duration = Duration::from_millis(10);

/// All of one shard, as their first byte is the same.
fn key(number: u8) -> StreamKey {
    StreamKey { group: GroupHash([1; 8]), session: [0, 0, 0, 0, 0, 0, 0, number] }
}

/// A table with room for so many in each shard.
fn with_room(each: u32) -> Streams {
    Streams::new(NonZeroU32::new(each * SHARDS as u32).unwrap())
}

#[test]
fn a_session_is_seen_now_while_any_stream_is_open() {
    let streams = with_room(8);
    assert_eq!(streams.begin(key(1), UnixMillis(0)), Noted::New);
    assert_eq!(streams.begin(key(1), UnixMillis(5)), Noted::Known);
    streams.end(key(1), UnixMillis(7), IDLE);
    assert_eq!(streams.last_seen(key(1), UnixMillis(1_000)), Some(UnixMillis(1_000)));
    assert!(streams.is_open(key(1)));
    streams.end(key(1), UnixMillis(1_000), IDLE);
    assert!(!streams.is_open(key(1)));
    assert_eq!(streams.last_seen(key(1), UnixMillis(1_010)), Some(UnixMillis(1_000)));
    assert_eq!(streams.last_seen(key(1), UnixMillis(1_011)), None);
}

#[test]
fn the_same_session_of_another_group_is_another() {
    let streams = with_room(8);
    streams.begin(key(1), UnixMillis(0));
    let other = StreamKey { group: GroupHash([2; 8]), ..key(1) };
    assert_eq!(streams.last_seen(other, UnixMillis(0)), None);
}

#[test]
fn what_is_over_is_dropped_by_the_next_stream() {
    let streams = with_room(8);
    for number in 0..8 {
        streams.note(key(number), UnixMillis(u64::from(number)), IDLE);
    }
    assert_eq!(streams.len(), 8);
    streams.begin(key(9), UnixMillis(14));
    assert_eq!(streams.len(), 5, "4 to 7 count until 14 and later, and 9 is new");
    streams.end(key(9), UnixMillis(100), IDLE);
    assert_eq!(streams.len(), 1);
}

#[test]
fn in_a_full_shard_the_one_leaves_that_would_be_next_and_never_an_open_one() {
    let streams = with_room(3);
    streams.begin(key(1), UnixMillis(0));
    streams.note(key(2), UnixMillis(2), IDLE);
    streams.note(key(3), UnixMillis(1), IDLE);
    assert_eq!(streams.begin(key(4), UnixMillis(3)), Noted::Displaced);
    assert_eq!(streams.last_seen(key(3), UnixMillis(3)), None);
    assert_eq!(streams.begin(key(5), UnixMillis(3)), Noted::Displaced);
    assert_eq!(streams.begin(key(6), UnixMillis(3)), Noted::Refused);
    assert_eq!(streams.note(key(6), UnixMillis(3), IDLE), Noted::Refused);
    for number in [1, 4, 5] {
        assert!(streams.is_open(key(number)), "{number}");
    }
}

#[test]
fn all_workers_see_what_one_notes() {
    let streams = Streams::new(Streams::SESSIONS_MAX);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let streams = &streams;
            scope.spawn(move || {
                for round in 0..1_000 {
                    streams.begin(key(worker), UnixMillis(round));
                    streams.begin(key(9), UnixMillis(round));
                    streams.end(key(9), UnixMillis(round), IDLE);
                }
            });
        }
    });
    assert!((0..4).all(|worker| streams.is_open(key(worker))));
    assert!(!streams.is_open(key(9)), "each that began has ended");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(u8),
    /// One of those that are open.
    End(usize),
    Note(u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..12u8).prop_map(Step::Begin),
        any::<usize>().prop_map(Step::End),
        (0..12u8).prop_map(Step::Note),
        (0..8u64).prop_map(Step::Wait),
    ]
}

/// What the table is compared with: streams that are open, and each session's last moment.
#[derive(Default)]
struct Model {
    open: Vec<u8>,
    seen: HashMap<u8, UnixMillis>,
}

impl Model {
    fn last_seen(&self, number: u8, now: UnixMillis) -> Option<UnixMillis> {
        if self.open.contains(&number) {
            return Some(now);
        }
        self.seen.get(&number).copied().filter(|seen| now.since(*seen) <= IDLE)
    }
}

proptest! {
    #[test]
    fn with_room_for_all_the_table_is_as_a_list(steps in prop::collection::vec(step(), 0..120)) {
        let (streams, mut model, mut now) = (with_room(12), Model::default(), UnixMillis(0));
        for step in steps {
            match step {
                Step::Begin(number) => {
                    prop_assert!(matches!(streams.begin(key(number), now), Noted::New | Noted::Known));
                    model.open.push(number);
                }
                Step::End(at) if !model.open.is_empty() => {
                    let number = model.open.swap_remove(at % model.open.len());
                    streams.end(key(number), now, IDLE);
                    model.seen.insert(number, now);
                }
                Step::End(_) => {}
                Step::Note(number) => {
                    streams.note(key(number), now, IDLE);
                    model.seen.insert(number, now);
                }
                Step::Wait(millis) => now = UnixMillis(now.0 + millis),
            }
            for number in 0..12 {
                prop_assert_eq!(streams.last_seen(key(number), now), model.last_seen(number, now));
                prop_assert_eq!(streams.is_open(key(number)), model.open.contains(&number));
            }
        }
    }

    #[test]
    fn there_are_never_too_many_and_open_ones_stay(steps in prop::collection::vec(step(), 0..120)) {
        let (streams, mut open, mut now) = (with_room(4), Vec::new(), UnixMillis(0));
        for step in steps {
            match step {
                Step::Begin(number) => {
                    if streams.begin(key(number), now) != Noted::Refused {
                        open.push(number);
                    }
                }
                Step::End(at) if !open.is_empty() => {
                    streams.end(key(open.swap_remove(at % open.len())), now, IDLE);
                }
                Step::End(_) => {}
                Step::Note(number) => {
                    streams.note(key(number), now, IDLE);
                }
                Step::Wait(millis) => now = UnixMillis(now.0 + millis),
            }
            prop_assert!(streams.len() <= 4);
            prop_assert!(open.iter().all(|number| streams.is_open(key(*number))));
            let shard = streams.lock(key(0));
            let ended = shard.entries.values().filter(|entry| entry.open == 0).count();
            prop_assert_eq!(shard.ended.len(), ended, "each that has ended is in the order, once");
        }
    }
}
