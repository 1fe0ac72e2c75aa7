//! jq programs on documents: the input is a program, a NUL, and JSON. Whatever is asked, the answer comes
//! within the limits: in time, and no larger than allowed.
#![no_main]

use catalog::jq::{Limits, compile, run};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LIMITS: Limits =
    Limits { time: Duration::from_millis(200), steps: 200_000, memory: 16 << 20, output: 64 << 10 };
/// Beyond the limit one operation may have to end, on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(5);

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let Ok(program) = std::str::from_utf8(parts.next().unwrap_or_default()) else { return };
    let document = parts.next().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let document = document.unwrap_or_else(|| json!({ "a": [1, 2, { "b": "text" }], "n": null }));
    let begin = Instant::now();
    if let Ok(program) = compile(program)
        && let Ok(found) = run(&program, document, LIMITS)
    {
        // The limit is on what is made, about as it is written; escapes make it longer.
        assert!(found.to_string().len() <= 8 * LIMITS.output);
    }
    assert!(begin.elapsed() < PATIENCE, "it took {:?}", begin.elapsed());
});
