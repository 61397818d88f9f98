use super::*;
use Outcome::{Broken, CouldNotTell, Kept};

/// Letters are targets, `-` is an answer of nobody, `!` an error, `x` no answer.
fn seen(letters: &str) -> Vec<Seen> {
    let one = |letter| match letter {
        '-' => Seen::Nobody(200),
        '!' => Seen::Nobody(503),
        'x' => Seen::Failed("refused".into()),
        name => Seen::Target(name.to_string()),
    };
    letters.chars().map(one).collect()
}

/// `a:bb` came home to `a` first, then twice to `b`.
fn courses(words: &[&str]) -> Vec<Course> {
    let one = |word: &&str| {
        let (home, later) = word.split_once(':').unwrap();
        Course { home: seen(home).remove(0), later: seen(later) }
    };
    words.iter().map(one).collect()
}

#[test]
fn fresh_clients_are_shared_or_not() {
    let ab = ["a".to_owned(), "b".to_owned()];
    for (fresh, all, outcome) in [
        ("abab", &ab[..], Kept),
        ("aaab", &ab, Kept),
        ("aaaa", &ab, CouldNotTell),
        ("aaaa", &ab[..1], CouldNotTell),
        ("----", &[], CouldNotTell),
        ("ab!b", &ab, Broken),
        ("abxb", &ab, Broken),
        ("ab-b", &ab, Kept),
    ] {
        assert_eq!(several_targets(&seen(fresh), all).outcome, outcome, "{fresh}");
    }
    let told = several_targets(&seen("aaab"), &ab).evidence;
    assert_eq!(told, ["4 fresh clients: a 3, b 1", "the busiest has 1.50 times its even share"]);
}

#[test]
fn clients_come_home_or_not() {
    for (words, targets, outcome) in [
        (&["a:aaa", "b:bbb"][..], 2, Kept),
        (&["a:aaa", "b:bba"], 2, Broken),
        (&["a:aaa", "b:bb!"], 2, Broken),
        (&["a:aaa", "b:bbx"], 2, Broken),
        (&["a:aaa", "b:bb-"], 2, Kept),
        (&["a:aaa"], 1, CouldNotTell),
        (&["a:---"], 2, CouldNotTell),
        (&["a:"], 2, CouldNotTell),
        (&[], 2, CouldNotTell),
    ] {
        let judgement = same_home(&courses(words), targets, "returns");
        assert_eq!(judgement.outcome, outcome, "{words:?}: {judgement:?}");
    }
    let told = same_home(&courses(&["a:ab"]), 2, "returns").evidence;
    let lost = "a client whose home is a was served by b";
    assert_eq!(told, ["1 of 2 returns came home (1 clients)", lost]);
}

#[test]
fn parallel_first_requests_land_together_or_not() {
    for (rounds, targets, outcome) in [
        (&["aaaa", "bbbb"][..], 2, Kept),
        (&["aaaa", "abab"], 2, Broken),
        (&["aaaa"], 1, CouldNotTell),
        (&["----"], 2, CouldNotTell),
        (&["aa-a"], 2, Kept),
    ] {
        let rounds: Vec<Vec<Seen>> = rounds.iter().map(|round| seen(round)).collect();
        assert_eq!(land_together(&rounds, targets).outcome, outcome, "{rounds:?}");
    }
}

#[test]
fn an_absent_target_disturbs_its_own_clients_only() {
    for (words, outcome) in [
        (&["a:bb", "b:bb", "c:cc"][..], Kept),
        (&["a:cc", "b:bb", "c:cc"], Kept),
        (&["a:!b", "b:bb"], Kept),
        (&["a:!!", "b:bb"], Broken),
        (&["a:bx", "b:bb"], Broken),
        (&["a:bb", "b:bc", "b:bb"], Broken),
        (&["a:bcb", "b:bbb", "c:ccc"], Broken),
        (&["a:aa", "b:bb"], CouldNotTell),
    ] {
        let judgement = absence(&courses(words), 0);
        assert_eq!(judgement.outcome, outcome, "{words:?}: {judgement:?}");
    }
}

#[test]
fn the_worse_of_two_counts() {
    let (kept, unknown, broken) =
        (Judgement::kept("k"), Judgement::unknown("u"), Judgement::broken("b"));
    assert_eq!(worse(kept.clone(), unknown.clone()).outcome, CouldNotTell);
    assert_eq!(worse(broken, unknown).outcome, Broken);
    assert_eq!(worse(kept.clone(), kept).evidence, ["k", "k"]);
}
