//! Budgets: so many units, and none more until all of them come back at once, as YouTube has them by
//! the day. What is spent is counted in memory; whoever wants it to outlive the process, or to be shared
//! with others, takes [`Budgets::unwritten`] from time to time and says what came of it.

use crate::error::EgressError;
use crate::request::Lane;
use kernel::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A budget that a request spends from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What is counted together. Keys are shared by all workspaces, as those of
    /// [`RateLimit`](crate::RateLimit) are.
    pub key: String,
    /// Whose budget it is, for messages and metrics.
    pub provider: String,
    /// All there is until the reset.
    pub units: u64,
    /// What this request costs.
    pub cost: u64,
    /// When all units come back.
    pub resets_at: Timestamp,
}

/// What was spent of a budget and is not written down yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The key of the budget.
    pub key: String,
    /// Whose it is.
    pub provider: String,
    /// All there is until the reset.
    pub units: u64,
    /// Until when it counts.
    pub resets_at: Timestamp,
    /// To be added to what is written; below zero when requests were never sent after all.
    pub spent: i64,
    /// Whether the provider says that nothing is left, whatever was counted.
    pub is_exhausted: bool,
}

/// The budgets of a door.
pub struct Budgets {
    accounts: Mutex<HashMap<String, Account>>,
    spent: watch::Sender<()>,
}

#[derive(Clone, Debug)]
struct Account {
    provider: String,
    units: u64,
    resets_at: Timestamp,
    /// As far as is written down, by whomever.
    written: u64,
    unwritten: i64,
    is_exhausted: bool,
}

/// The tenth of a budget that is kept for those who wait.
const RESERVE: u64 = 10;

impl Account {
    fn new(budget: &Budget) -> Self {
        let (provider, resets_at) = (budget.provider.clone(), budget.resets_at);
        Self {
            provider,
            units: budget.units,
            resets_at,
            written: 0,
            unwritten: 0,
            is_exhausted: false,
        }
    }

    fn used(&self) -> u64 {
        let counted = self.written.saturating_add_signed(self.unwritten);
        if self.is_exhausted { counted.max(self.units) } else { counted }
    }

    fn allows(&self, cost: u64, lane: Lane) -> bool {
        let kept = match lane {
            Lane::Interactive => 0,
            Lane::Background => self.units / RESERVE,
        };
        self.used().saturating_add(cost) <= self.units - kept
    }

    fn count(&mut self, units: i64) {
        self.unwritten = self.unwritten.saturating_add(units);
    }
}

impl Budgets {
    pub(crate) fn new() -> Self {
        Self { accounts: Mutex::new(HashMap::new()), spent: watch::Sender::new(()) }
    }

    /// Spends what the request costs of each budget, or of none.
    pub(crate) fn reserve<'a>(
        &'a self,
        budgets: &'a [Budget],
        lane: Lane,
        now: Timestamp,
    ) -> Result<Reserved<'a>, EgressError> {
        let reserved = |kept| Reserved { budgets: self, kept, is_sent: false };
        if budgets.is_empty() {
            return Ok(reserved(Vec::new()));
        }
        let mut accounts = self.lock();
        for budget in budgets {
            let Some(account) = current(&mut accounts, budget, now) else { continue };
            account.units = budget.units;
            if !account.allows(budget.cost, lane) {
                return Err(refusal(account, now));
            }
        }
        let mut kept = Vec::with_capacity(budgets.len());
        for budget in budgets {
            let Some(account) = current(&mut accounts, budget, now) else { continue };
            account.count(budget.cost.min(i64::MAX as u64) as i64);
            kept.push((budget.key.as_str(), account.resets_at, budget.cost));
        }
        drop(accounts);
        self.spent.send_replace(());
        Ok(reserved(kept))
    }

    /// Takes the provider's word that nothing is left. The refusal of what comes now.
    pub(crate) fn exhaust<'a>(
        &self,
        budgets: impl Iterator<Item = &'a Budget>,
        now: Timestamp,
    ) -> Option<EgressError> {
        let mut budgets = budgets.peekable();
        budgets.peek()?;
        let mut accounts = self.lock();
        let mut refused = None;
        for budget in budgets {
            if let Some(account) = current(&mut accounts, budget, now) {
                account.is_exhausted = true;
                refused = Some(refusal(account, now));
            }
        }
        drop(accounts);
        self.spent.send_replace(());
        refused
    }

    /// Tells when something was spent; closed when the door is gone.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.spent.subscribe()
    }

    /// What is spent and not written yet. It stays unwritten until [`Budgets::written`] says otherwise,
    /// so let no two write at once.
    pub fn unwritten(&self, now: Timestamp) -> Vec<Spending> {
        let accounts = self.lock();
        let wanting = accounts.iter().filter(|(_, it)| {
            it.resets_at > now && (it.unwritten != 0 || (it.is_exhausted && it.written < it.units))
        });
        wanting
            .map(|(key, it)| Spending {
                key: key.clone(),
                provider: it.provider.clone(),
                units: it.units,
                resets_at: it.resets_at,
                spent: it.unwritten,
                is_exhausted: it.is_exhausted,
            })
            .collect()
    }

    /// Says that a spending is written, and what is used by all together since.
    pub fn written(&self, spending: &Spending, used: u64) {
        let mut accounts = self.lock();
        let known = accounts.get_mut(&spending.key);
        if let Some(account) = known.filter(|it| it.resets_at == spending.resets_at) {
            account.written = used;
            account.count(-spending.spent);
        }
    }

    /// Says what others, or we before the start, have used of a budget until its reset.
    pub fn remember(&self, budget: &Budget, used: u64) {
        let mut accounts = self.lock();
        let account = accounts.entry(budget.key.clone()).or_insert_with(|| Account::new(budget));
        if account.resets_at < budget.resets_at {
            *account = Account::new(budget);
        }
        if account.resets_at == budget.resets_at {
            account.written = used;
        }
    }

    /// What is used of a budget now.
    pub fn used(&self, key: &str, now: Timestamp) -> u64 {
        let accounts = self.lock();
        accounts.get(key).filter(|it| it.resets_at > now).map_or(0, Account::used)
    }

    /// The largest share that is used of any budget of each provider.
    pub(crate) fn shares(&self, now: Timestamp) -> HashMap<String, f64> {
        let mut shares = HashMap::new();
        for account in self.lock().values().filter(|it| it.resets_at > now && it.units > 0) {
            let share = account.used() as f64 / account.units as f64;
            let most: &mut f64 = shares.entry(account.provider.clone()).or_default();
            *most = most.max(share);
        }
        shares
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The account of a budget in the period that runs. A request that was made ready before the reset and
/// is sent after it says nothing of the new period; `None` when nobody else has begun that yet.
fn current<'a>(
    accounts: &'a mut HashMap<String, Account>,
    budget: &Budget,
    now: Timestamp,
) -> Option<&'a mut Account> {
    let is_over = accounts.get(&budget.key).is_none_or(|it| it.resets_at <= now);
    if is_over && budget.resets_at > now {
        // Before there are more than ever, those that are over go.
        if accounts.len() == accounts.capacity() {
            accounts.retain(|_, it| it.resets_at > now);
        }
        accounts.insert(budget.key.clone(), Account::new(budget));
    }
    accounts.get_mut(&budget.key).filter(|it| it.resets_at > now)
}

fn refusal(account: &Account, now: Timestamp) -> EgressError {
    EgressError::QuotaSpent {
        provider: account.provider.clone(),
        resets_at: account.resets_at,
        retry_after: account.resets_at.since(now),
        is_reserve: account.used() < account.units,
    }
}

/// Units for a request that may yet not be sent. Dropped unsent, they come back.
pub(crate) struct Reserved<'a> {
    budgets: &'a Budgets,
    kept: Vec<(&'a str, Timestamp, u64)>,
    is_sent: bool,
}

impl Reserved<'_> {
    /// The request is on its way: from here on it may arrive, even if nobody waits for the answer.
    pub(crate) fn sent(&mut self) {
        self.is_sent = true;
    }

    /// It is certain that it did not arrive.
    pub(crate) fn never_arrived(&mut self) {
        self.is_sent = false;
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.is_sent || self.kept.is_empty() {
            return;
        }
        let mut accounts = self.budgets.lock();
        for (key, resets_at, cost) in self.kept.drain(..) {
            let known = accounts.get_mut(key).filter(|it| it.resets_at == resets_at);
            if let Some(account) = known {
                account.count(-(cost.min(i64::MAX as u64) as i64));
            }
        }
        drop(accounts);
        self.budgets.spent.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const RESET: Timestamp = Timestamp::from_secs(86_400);
    const NOON: Timestamp = Timestamp::from_secs(43_200);

    fn budget(units: u64, cost: u64) -> Budget {
        let (key, provider) = ("tube/app".to_owned(), "tube".to_owned());
        Budget { key, provider, units, cost, resets_at: RESET }
    }

    /// How many requests of the lane are let through.
    fn drain(budgets: &Budgets, one: &Budget, lane: Lane, now: Timestamp) -> u64 {
        let one = std::slice::from_ref(one);
        let mut count = 0;
        while let Ok(mut reserved) = budgets.reserve(one, lane, now) {
            reserved.sent();
            count += 1;
        }
        count
    }

    #[test]
    fn background_leaves_a_tenth_for_who_waits() {
        let (budgets, one) = (Budgets::new(), budget(100, 1));
        assert_eq!(drain(&budgets, &one, Lane::Background, NOON), 90);
        assert_eq!(drain(&budgets, &budget(100, 100), Lane::Interactive, NOON), 0);
        assert_eq!(drain(&budgets, &one, Lane::Interactive, NOON), 10);
        let refused = budgets.reserve(&[one], Lane::Interactive, NOON).err().unwrap();
        assert_eq!(refused.retry_after(), Some(Duration::from_secs(43_200)));
    }

    #[test]
    fn all_come_back_at_the_reset() {
        let (budgets, one) = (Budgets::new(), budget(10, 1));
        assert_eq!(drain(&budgets, &one, Lane::Interactive, NOON), 10);
        let next = Budget { resets_at: RESET.plus(Duration::from_secs(86_400)), ..one.clone() };
        assert_eq!(drain(&budgets, &next, Lane::Interactive, RESET), 10);
        // What was made ready before the reset counts in the period in which it is sent.
        assert!(budgets.reserve(&[one], Lane::Interactive, RESET).is_err());
    }

    #[test]
    fn what_is_not_sent_costs_nothing() {
        let (budgets, one) = (Budgets::new(), [budget(10, 4)]);
        drop(budgets.reserve(&one, Lane::Interactive, NOON).ok().unwrap());
        assert_eq!(budgets.used("tube/app", NOON), 0);
        let mut reserved = budgets.reserve(&one, Lane::Interactive, NOON).ok().unwrap();
        reserved.sent();
        drop(reserved);
        assert_eq!(budgets.used("tube/app", NOON), 4);
        let mut reserved = budgets.reserve(&one, Lane::Interactive, NOON).ok().unwrap();
        reserved.sent();
        reserved.never_arrived();
        drop(reserved);
        assert_eq!(budgets.used("tube/app", NOON), 4);
    }

    #[test]
    fn a_second_budget_that_refuses_costs_the_first_nothing() {
        let budgets = Budgets::new();
        let both = [budget(10, 4), Budget { key: "narrow".to_owned(), ..budget(3, 4) }];
        assert!(budgets.reserve(&both, Lane::Interactive, NOON).is_err());
        assert_eq!(budgets.used("tube/app", NOON), 0);
    }

    #[test]
    fn what_is_written_is_not_written_twice() {
        let (budgets, one) = (Budgets::new(), budget(100, 3));
        assert!(budgets.unwritten(NOON).is_empty());
        budgets.reserve(std::slice::from_ref(&one), Lane::Interactive, NOON).ok().unwrap().sent();
        let first = budgets.unwritten(NOON);
        assert_eq!((first.len(), first[0].spent), (1, 3));
        // Another request while it is being written, and others elsewhere.
        budgets.reserve(std::slice::from_ref(&one), Lane::Interactive, NOON).ok().unwrap().sent();
        budgets.written(&first[0], 50);
        assert_eq!(budgets.used("tube/app", NOON), 53);
        assert_eq!(budgets.unwritten(NOON)[0].spent, 3);
        budgets.remember(&one, 60);
        assert_eq!(budgets.used("tube/app", NOON), 63);
        assert_eq!(budgets.shares(NOON)["tube"], 0.63);
    }

    #[test]
    fn the_provider_is_believed_when_it_says_that_nothing_is_left() {
        let (budgets, one) = (Budgets::new(), [budget(100, 1)]);
        assert!(budgets.exhaust([].iter(), NOON).is_none());
        assert!(budgets.exhaust(one.iter(), NOON).is_some());
        assert!(budgets.reserve(&one, Lane::Interactive, NOON).is_err());
        let unwritten = budgets.unwritten(NOON);
        assert!(unwritten[0].is_exhausted);
        budgets.written(&unwritten[0], 100);
        assert!(budgets.unwritten(NOON).is_empty());
        assert_eq!(budgets.used("tube/app", RESET), 0);
    }
}
