//! Everything that looks random in the sandbox is computed from the seed and a label, never drawn in
//! turn: the order of requests changes nothing.

use std::f64::consts::TAU;
use std::time::Duration;

use aws_lc_rs::hmac;
use kernel::Timestamp;

#[derive(Clone)]
pub(crate) struct Seed(hmac::Key);

impl std::fmt::Debug for Seed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Seed")
    }
}

impl Seed {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, seed))
    }

    /// The bytes of this label.
    pub(crate) fn bytes(&self, label: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&self.0, label.as_bytes()).as_ref());
        bytes
    }

    /// The first half of the label's bytes, as 32 hexadecimal digits.
    pub(crate) fn hex(&self, label: &str) -> String {
        hex::encode(&self.bytes(label)[..16])
    }

    /// So many decimal digits (at most eighteen), the first of them not 0.
    pub(crate) fn number(&self, label: &str, digits: u32) -> String {
        let least = 10u64.pow(digits - 1);
        let spread = (self.fraction(label) * (least * 9) as f64) as u64;
        (least + spread.min(least * 9 - 1)).to_string()
    }

    /// So many letters and digits, at most 32.
    pub(crate) fn letters(&self, label: &str, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        self.bytes(label).iter().take(length).map(letter).collect()
    }

    /// A fraction in `0.0..1.0`.
    pub(crate) fn fraction(&self, label: &str) -> f64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.bytes(label)[..8]);
        (u64::from_le_bytes(word) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of the choices.
    pub(crate) fn pick<T: Copy>(&self, label: &str, from: &[T]) -> T {
        from[(self.fraction(label) * from.len() as f64) as usize]
    }

    /// A smooth line in `-1.0..1.0` that wanders over time: three waves with phases of the label's own,
    /// the slowest of them `period` long. The ratios are far from whole, so it does not look periodic.
    pub(crate) fn wave(&self, label: &str, at: Timestamp, period: Duration) -> f64 {
        let phases = self.bytes(label);
        let turns = at.micros() as f64 / 1e6 / period.as_secs_f64();
        let wave = |ratio: f64, phase: u8| (TAU * (turns * ratio + f64::from(phase) / 256.0)).sin();
        0.6 * wave(1.0, phases[0]) + 0.3 * wave(2.73, phases[1]) + 0.1 * wave(7.41, phases[2])
    }
}

/// Rounded to so many digits after the point.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// The last whole step of the clock, so that an answer stays the same for as long as a step lasts.
pub(crate) fn step(at: Timestamp, secs: i64) -> Timestamp {
    Timestamp::from_secs(at.secs().div_euclid(secs) * secs)
}
