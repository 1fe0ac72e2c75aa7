//! The figures, printed as they come: what was measured, what is asked, whether it is met.

use anyhow::Result;
use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

/// What is asked of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// The figures so far.
#[derive(Default)]
pub(crate) struct Table {
    missed: Vec<String>,
}

impl Table {
    /// A line for whoever reads it.
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        print(&format!("{text}\n"))
    }

    /// Opens a group of figures.
    pub(crate) fn section(&self, title: &str) -> Result<()> {
        print(&format!("\n{title}\n"))
    }

    /// A figure without a target, for the record.
    pub(crate) fn note(&self, name: &str, figure: impl Display) -> Result<()> {
        print(&format!("  {name:<58} {figure:>14}\n"))
    }

    /// A figure and its target.
    pub(crate) fn figure(
        &mut self,
        name: &str,
        figure: f64,
        unit: &str,
        target: Target,
    ) -> Result<()> {
        let (is_met, sign, bound) = match target {
            Target::AtLeast(bound) => (figure >= bound, "≥", bound),
            Target::AtMost(bound) => (figure <= bound, "≤", bound),
        };
        if !is_met {
            self.missed.push(name.to_owned());
        }
        let verdict = if is_met { "ok" } else { "MISSED" };
        let shown = format!("{figure:.2}{unit}");
        print(&format!("  {name:<58} {shown:>14}   {sign} {bound}{unit:<4} {verdict}\n"))
    }

    /// Sums up, and says whether every target was met.
    pub(crate) fn end(self) -> Result<bool> {
        match self.missed.as_slice() {
            [] => print("\nEvery target is met.\n")?,
            missed => print(&format!("\nMissed: {}.\n", missed.join("; ")))?,
        }
        Ok(self.missed.is_empty())
    }
}

/// Milliseconds with their fraction.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The middle one; of figures from several rounds it is the one that a busy moment moves least.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
