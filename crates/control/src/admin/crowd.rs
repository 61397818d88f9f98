//! How many connections there are to the admin address, or streams on them, and whose, so that nobody keeps everybody else out.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failures::whole;

/// Counts them while their [`Place`]s last.
#[derive(Debug)]
pub(crate) struct Crowd {
    room: Arc<Semaphore>,
    all_max: usize,
    share_max: usize,
    /// What is left to each address that is not loopback.
    shares: HashMap<IpAddr, Arc<Semaphore>>,
}

/// Room for one, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(
    // Semaphores that nobody closes give one to whoever waits.
    #[expect(dead_code, reason = "it counts while it lasts")] Option<OwnedSemaphorePermit>,
);

impl Crowd {
    /// Room for so many in all, and so many of one address that is not loopback.
    pub(crate) fn new(all_max: usize, share_max: usize) -> Self {
        let room = Arc::new(Semaphore::new(all_max));
        Self { room, all_max, share_max, shares: HashMap::new() }
    }

    /// Waits until there is room for one more.
    pub(crate) async fn wait(&self) -> Place {
        Place(Arc::clone(&self.room).acquire_owned().await.ok())
    }

    /// Room for one more, if there is any now.
    pub(crate) fn enter(&self) -> Option<Place> {
        Arc::clone(&self.room).try_acquire_owned().ok().map(|taken| Place(Some(taken)))
    }

    /// What one more takes of its peer's share; none if it has used that up.
    pub(crate) fn share(&mut self, peer: IpAddr) -> Option<Place> {
        if peer.to_canonical().is_loopback() {
            return Some(Place(None));
        }
        let share_max = self.share_max;
        if self.shares.len() >= self.all_max {
            self.shares.retain(|_, left| left.available_permits() < share_max);
        }
        let whole_share = || Arc::new(Semaphore::new(share_max));
        let left = self.shares.entry(whole(peer)).or_insert_with(whole_share);
        Arc::clone(left).try_acquire_owned().ok().map(|taken| Place(Some(taken)))
    }
}

#[cfg(test)]
mod tests {
    use clingfish_model::limits::{ADMIN_CONNECTIONS_MAX, ADMIN_CONNECTIONS_PER_PEER_MAX};

    use super::*;

    fn empty() -> Crowd {
        Crowd::new(ADMIN_CONNECTIONS_MAX, ADMIN_CONNECTIONS_PER_PEER_MAX)
    }

    fn taken(crowd: &mut Crowd, peers: impl Iterator<Item = IpAddr>) -> Vec<Place> {
        peers.map_while(|peer| crowd.share(peer)).collect()
    }

    #[test]
    fn who_comes_from_elsewhere_has_a_share_and_this_machine_has_all() {
        let rest = |peer: &str| {
            let mut crowd = empty();
            let peer = peer.parse().unwrap();
            taken(&mut crowd, std::iter::repeat_n(peer, ADMIN_CONNECTIONS_MAX)).len()
        };
        for (peer, expected) in [
            ("127.0.0.1", ADMIN_CONNECTIONS_MAX),
            ("::1", ADMIN_CONNECTIONS_MAX),
            ("::ffff:127.0.0.1", ADMIN_CONNECTIONS_MAX),
            ("192.0.2.1", ADMIN_CONNECTIONS_PER_PEER_MAX),
            ("::ffff:192.0.2.1", ADMIN_CONNECTIONS_PER_PEER_MAX),
            ("2001:db8::1", ADMIN_CONNECTIONS_PER_PEER_MAX),
        ] {
            assert_eq!(rest(peer), expected, "{peer}");
        }
    }

    #[test]
    fn a_share_takes_nothing_from_others_and_comes_back() {
        let mut crowd = empty();
        let [one, other]: [IpAddr; 2] = ["2001:db8::1", "192.0.2.1"].map(|ip| ip.parse().unwrap());
        let many = (0..).map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]));
        let places = taken(&mut crowd, many);
        assert_eq!(places.len(), ADMIN_CONNECTIONS_PER_PEER_MAX, "one network is one peer");
        assert!(crowd.share(one).is_none());
        assert!(crowd.share(other).is_some());
        drop(places);
        assert!(crowd.share(one).is_some());
    }

    #[test]
    fn peers_that_have_gone_are_forgotten() {
        let mut crowd = empty();
        let stays = crowd.share([192, 0, 2, 1].into());
        for number in 0..10_000_u32 {
            assert!(crowd.share(IpAddr::from((0x0a00_0000 + number).to_be_bytes())).is_some());
        }
        assert!(crowd.shares.len() <= ADMIN_CONNECTIONS_MAX, "{}", crowd.shares.len());
        assert!(crowd.shares.contains_key(&IpAddr::from([192, 0, 2, 1])));
        drop(stays);
    }
}
