//! What a run has used, kept by the thread that runs it. Past a limit the thread unwinds with a [`Stop`],
//! without the message that a panic prints.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::time::Instant;

use super::Limits;

/// The interpreter may use this much of the stack; the rest is for dropping what it chained up.
const MAX_STACK: usize = 64 << 20;
/// Values nested deeper than this are refused; code that walks values recurses as deep.
const MAX_DEPTH: u32 = 512;
/// The clock is looked at once in so many steps.
const LOOK: u64 = 512;

/// Which limit was passed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// Time or steps.
    Time,
    /// Live bytes.
    Memory,
    /// The stack, or the nesting of a value.
    Depth,
}

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(u64::MAX) };
    static MEMORY: Cell<usize> = const { Cell::new(usize::MAX) };
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
    static BASE: Cell<usize> = const { Cell::new(0) };
}

/// Begins to count on this thread.
pub(super) fn start(limits: Limits) {
    STEPS.set(limits.steps);
    MEMORY.set(limits.memory);
    UNTIL.set(Instant::now().checked_add(limits.time));
    BASE.set(here());
}

/// One step.
#[inline]
pub(super) fn tick() {
    work(1);
}

/// So many steps at once.
#[inline]
pub(super) fn work(steps: u64) {
    let before = STEPS.get();
    let Some(left) = before.checked_sub(steps) else { stop(Stop::Time) };
    STEPS.set(left);
    if before / LOOK != left / LOOK && UNTIL.get().is_some_and(|until| Instant::now() >= until) {
        stop(Stop::Time);
    }
    if BASE.get().saturating_sub(here()) > MAX_STACK {
        stop(Stop::Depth);
    }
}

/// Refuses a value that is nested too deeply.
pub(super) fn check_depth(depth: u32) {
    if depth > MAX_DEPTH {
        stop(Stop::Depth);
    }
}

/// Bytes that are held for as long as this lives.
#[derive(Debug)]
pub(super) struct Charge(usize);

impl Charge {
    /// Takes so many bytes. Copying or filling them is work, too.
    pub(super) fn new(bytes: usize) -> Self {
        let mut charge = Self(0);
        charge.grow(bytes);
        charge
    }

    /// Takes more.
    pub(super) fn grow(&mut self, bytes: usize) {
        work(1 + bytes as u64 / 256);
        let Some(left) = MEMORY.get().checked_sub(bytes) else { stop(Stop::Memory) };
        MEMORY.set(left);
        self.0 += bytes;
    }
}

impl Clone for Charge {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        MEMORY.set(MEMORY.get().saturating_add(self.0));
    }
}

fn stop(why: Stop) -> ! {
    resume_unwind(Box::new(why))
}

/// About where the stack ends now; it grows downwards.
#[inline]
fn here() -> usize {
    let mark = 0u8;
    std::hint::black_box(&raw const mark) as usize
}
