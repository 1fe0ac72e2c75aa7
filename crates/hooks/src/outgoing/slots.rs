//! How many attempts a webhook may have under way.

use super::send::Hold;

/// Room for more attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) firsts: usize,
    pub(crate) agains: usize,
}

/// Of `most` slots, further attempts take half at most, so that there is one for a first attempt at any
/// time (but where there is only one). While the host is left alone, one first attempt at a time goes all
/// the same, so that those of an endpoint that is back are on time; while the rate is used up, none.
pub(crate) fn slots(most: usize, firsts: usize, agains: usize, held: Option<Hold>) -> Slots {
    let free = most.saturating_sub(firsts + agains);
    match held {
        None => Slots { firsts: free, agains: free.min((most / 2).max(1).saturating_sub(agains)) },
        Some(Hold::Circuit) => Slots { firsts: usize::from(firsts + agains == 0), agains: 0 },
        Some(Hold::Rate) => Slots { firsts: 0, agains: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_attempt_has_a_slot_whatever_is_tried_again() {
        for (most, firsts, agains, held, free) in [
            (10, 0, 0, None, (10, 5)),
            (10, 0, 5, None, (5, 0)),
            (10, 9, 0, None, (1, 1)),
            (10, 10, 0, None, (0, 0)),
            (2, 0, 1, None, (1, 0)),
            (1, 0, 0, None, (1, 1)),
            (1, 0, 1, None, (0, 0)),
            // Fewer than before the settings changed.
            (2, 5, 5, None, (0, 0)),
            (10, 0, 0, Some(Hold::Circuit), (1, 0)),
            (10, 1, 0, Some(Hold::Circuit), (0, 0)),
            (10, 0, 0, Some(Hold::Rate), (0, 0)),
        ] {
            let found = slots(most, firsts, agains, held);
            assert_eq!((found.firsts, found.agains), free, "{most} {firsts} {agains} {held:?}");
        }
    }
}
