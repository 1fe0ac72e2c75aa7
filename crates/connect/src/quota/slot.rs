//! When in the day each connection is pulled. All of them together are spread evenly over it, so that a
//! platform is asked as much in one window as in the next. Nothing is stored: the id decides.

use aws_lc_rs::digest;
use kernel::{ConnectionId, Timestamp};
use std::time::Duration;

const DAY: u64 = 86_400_000_000;

/// The next time for a connection's daily pull. It is the same time of day (UTC) every day, so two pulls
/// are 24 hours apart whatever the clocks of a time zone do.
pub fn daily_slot(connection: ConnectionId, now: Timestamp) -> Timestamp {
    let hash = digest::digest(&digest::SHA256, connection.to_string().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    let offset = Duration::from_micros(u64::from_be_bytes(first) % DAY);
    let today = Timestamp::from_micros(now.micros() - now.micros().rem_euclid(DAY as i64));
    let slot = today.plus(offset);
    if slot > now { slot } else { slot.plus(Duration::from_micros(DAY)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Entropy;

    const NOW: Timestamp = Timestamp::from_secs(1_764_000_000);

    #[test]
    fn it_comes_once_a_day_at_the_same_time() {
        let id = ConnectionId::generate(NOW, &Entropy::seeded(1));
        let first = daily_slot(id, NOW);
        assert!(first > NOW && first.since(NOW) <= Duration::from_secs(86_400));
        let before = first.minus(Duration::from_micros(1));
        assert_eq!(daily_slot(id, before), first);
        assert_eq!(daily_slot(id, first), first.plus(Duration::from_secs(86_400)));
    }

    #[test]
    fn ten_thousand_fill_the_hours_evenly() {
        let entropy = Entropy::seeded(1);
        let mut quarters = [0_u32; 96];
        for minute in 0..10_000 {
            let made = NOW.plus(Duration::from_secs(60 * minute));
            let slot = daily_slot(ConnectionId::generate(made, &entropy), NOW);
            quarters[(slot.secs().rem_euclid(86_400) / 900) as usize] += 1;
        }
        // 104 on average.
        let (least, most) = (quarters.iter().min().unwrap(), quarters.iter().max().unwrap());
        assert!(*least > 60 && *most < 150, "{least} to {most}");
    }
}
