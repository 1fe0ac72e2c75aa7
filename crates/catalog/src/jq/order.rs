//! How values compare: null, false, true, numbers, strings, arrays, objects. Each pair looked at is a step.

use std::cmp::Ordering;

use super::meter;
use super::value::{Object, Value};

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        meter::tick();
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Bool(left), Self::Bool(right)) => left.cmp(right),
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            (Self::Int(left), Self::Float(right)) => floats(*left as f64, *right),
            (Self::Float(left), Self::Int(right)) => floats(*left, *right as f64),
            (Self::Float(left), Self::Float(right)) => floats(*left, *right),
            (Self::Str(left), Self::Str(right)) => {
                meter::work(left.len().min(right.len()) as u64 / 1024);
                left.as_bytes().cmp(right.as_bytes())
            }
            (Self::Arr(left), Self::Arr(right)) => left.items.cmp(&right.items),
            (Self::Obj(left), Self::Obj(right)) => objects(left, right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }
}

impl Value {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) | Self::Float(_) => 2,
            Self::Str(_) => 3,
            Self::Arr(_) => 4,
            Self::Obj(_) => 5,
        }
    }
}

/// Not-a-number is less than any number, itself included, as in jq.
fn floats(left: f64, right: f64) -> Ordering {
    if left.is_nan() {
        Ordering::Less
    } else {
        left.partial_cmp(&right).unwrap_or(Ordering::Greater)
    }
}

/// First by the sorted keys, then by the values in that order.
fn objects(left: &Object, right: &Object) -> Ordering {
    meter::work((left.map.len() + right.map.len()) as u64 / 4);
    let sorted = |object: &Object| {
        let mut keys: Vec<String> = object.map.keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    if left.map.is_empty() || right.map.is_empty() {
        return left.map.len().cmp(&right.map.len());
    }
    let (left_keys, right_keys) = (sorted(left), sorted(right));
    left_keys.cmp(&right_keys).then_with(|| {
        let values = left_keys.iter().map(|key| left.map.get(key).cmp(&right.map.get(key)));
        values.fold(Ordering::Equal, Ordering::then)
    })
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // Two large values are unequal sooner than they are ordered.
            (Self::Arr(left), Self::Arr(right)) if left.items.len() != right.items.len() => false,
            (Self::Obj(left), Self::Obj(right)) if left.map.len() != right.map.len() => false,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}
