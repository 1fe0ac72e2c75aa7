//! What the exchange knows: five companies that do not exist, and who holds how much of them. Prices
//! move every five seconds of the clock.

use std::time::Duration;

use kernel::Timestamp;
use serde_json::{Value, json};

use super::Exchange;
use crate::seed::{round, step};

const STEP_SECS: i64 = 5;

/// Symbol, name, and the price around which it moves.
const LISTED: [(&str, &str, f64); 5] = [
    ("ACME", "Acme Corporation", 212.0),
    ("GLOBEX", "Globex Industries", 87.5),
    ("HOOLI", "Hooli Inc.", 1340.0),
    ("INITECH", "Initech Software", 24.2),
    ("UMBRELLA", "Umbrella & Sons", 58.9),
];

const HELD: [(&str, i64); 3] = [("ACME", 120), ("HOOLI", 14), ("INITECH", 900)];

impl Exchange {
    /// The stock, or `None` where the symbol is not listed.
    pub(super) fn stock(&self, symbol: &str) -> Option<Value> {
        let now = step(self.clock.now(), STEP_SECS);
        let price = self.price(symbol, now)?;
        let change = price - self.price(symbol, step(now, 86_400))?;
        let (symbol, name, _) = LISTED.iter().find(|listed| listed.0 == symbol)?;
        Some(json!({
            "symbol": symbol,
            "name": name,
            "price": round(price, 2),
            "change": round(change, 2),
            "changePercent": round(change / (price - change) * 100.0, 2),
            "currency": "USD",
            "updatedAt": now,
        }))
    }

    /// These stocks, without those that are not listed; all when none are named.
    pub(super) fn stocks(&self, symbols: Option<Vec<String>>) -> Value {
        let all = || LISTED.iter().map(|listed| listed.0.to_owned()).collect();
        let symbols = symbols.unwrap_or_else(all);
        symbols.iter().filter_map(|symbol| self.stock(symbol)).collect()
    }

    pub(super) fn portfolio(&self) -> Value {
        let now = step(self.clock.now(), STEP_SECS);
        let worth = |at: Timestamp| -> f64 {
            let value = |(symbol, held): &(&str, i64)| {
                self.price(symbol, at).unwrap_or_default() * *held as f64
            };
            HELD.iter().map(value).sum()
        };
        let position = |(symbol, quantity): &(&str, i64)| {
            let value = self.price(symbol, now)? * *quantity as f64;
            let stock = self.stock(symbol)?;
            Some(json!({"quantity": quantity, "value": round(value, 2), "stock": stock}))
        };
        json!({
            "owner": "Demo Fund",
            "currency": "USD",
            "value": round(worth(now), 2),
            "change": round(worth(now) - worth(step(now, 86_400)), 2),
            "updatedAt": now,
            "positions": HELD.iter().filter_map(position).collect::<Vec<_>>(),
        })
    }

    fn price(&self, symbol: &str, at: Timestamp) -> Option<f64> {
        let (symbol, _, around) = LISTED.iter().find(|listed| listed.0 == symbol)?;
        let wave = |what: &str, minutes: u64| {
            self.seed.wave(&format!("{what} {symbol}"), at, Duration::from_secs(minutes * 60))
        };
        Some(around * (1.0 + 0.06 * wave("trend", 240) + 0.015 * wave("noise", 7)))
    }
}
