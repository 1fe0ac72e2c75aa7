//! What an expression sees.

use serde_json::Value;

use super::Key;

/// Something that can be looked at.
pub trait Sight {
    /// What a path leads to; null when it leads nowhere, as in jq.
    fn look(&self, keys: &[Key]) -> Value;

    /// All that the programs at hand mention, as one object.
    fn context(&self) -> Value;
}

/// What is seen, as one object.
#[derive(Clone, Debug)]
pub struct Context(pub Value);

impl Sight for Context {
    fn look(&self, keys: &[Key]) -> Value {
        follow(&self.0, keys).cloned().unwrap_or_default()
    }

    fn context(&self) -> Value {
        self.0.clone()
    }
}

/// What a path leads to within a value.
pub(crate) fn follow<'a>(value: &'a Value, keys: &[Key]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| match key {
        Key::Name(name) => value.get(name),
        Key::At(at) => {
            let items = value.as_array()?;
            let length = i64::try_from(items.len()).ok()?;
            let at = if *at < 0 { at + length } else { *at };
            items.get(usize::try_from(at).ok()?)
        }
    })
}
