//! Makes a breaking input smaller.

/// Takes away ever smaller pieces as long as the rest still breaks.
pub(crate) fn shrink(input: &[u8], breaks: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut smallest = input.to_vec();
    let mut piece = smallest.len();
    while piece > 0 {
        let mut at = 0;
        while at < smallest.len() {
            let end = smallest.len().min(at + piece);
            let mut shorter = smallest.clone();
            shorter.drain(at..end);
            if breaks(&shorter) {
                smallest = shorter;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    smallest
}
