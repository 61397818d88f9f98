//! Every verdict, as a client sees it.

use crate::support::Stage;

#[test]
fn a_client_without_a_cookie_is_new_and_comes_home_with_one() {
    let stage = Stage::sticky("true");
    let first = stage.expect("", "new");
    let home = first.target().to_owned();
    for _ in 0..6 {
        let again = stage.expect(&first.cookie(), "hit");
        assert_eq!(again.target(), home);
        assert_eq!(again.response.text(), home);
    }
}
