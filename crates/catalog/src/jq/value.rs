//! The values that jq programs compute with: JSON, shared by reference, each part charged to the meter for
//! as long as it lives, and each knowing how deep it is nested.

use std::ops::Deref;
use std::rc::Rc;

use indexmap::IndexMap;
use jaq_core::val::Range;
use jaq_core::{Error, ValR};

use super::access::position;
use super::meter::{self, Charge};

/// A JSON value. Whole numbers are exact as far as 128 bits reach.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Rc<Text>),
    Arr(Rc<List>),
    Obj(Rc<Object>),
}

/// A string.
#[derive(Clone, Debug)]
pub(super) struct Text {
    text: String,
    _charge: Charge,
}

/// An array.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) items: Vec<Value>,
    pub(super) depth: u32,
    charge: Charge,
}

/// An object, in the order of its keys' arrival.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) map: IndexMap<String, Value>,
    pub(super) depth: u32,
    charge: Charge,
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// What an array item and an object member take beside their contents.
const ITEM: usize = size_of::<Value>();
const MEMBER: usize = 2 * ITEM + 48;

impl List {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), depth: 1, charge: Charge::new(ITEM) }
    }

    pub(super) fn push(&mut self, item: Value) {
        self.charge.grow(ITEM);
        self.depth = deeper(self.depth, &item);
        self.items.push(item);
    }

    /// Brings the depth up to date after the deepest item may have gone.
    pub(super) fn settle(&mut self, gone: u32) {
        if gone + 1 >= self.depth {
            meter::work(self.items.len() as u64 / 8);
            self.depth = self.items.iter().fold(1, deeper);
        }
    }
}

impl Object {
    pub(super) fn new() -> Self {
        Self { map: IndexMap::new(), depth: 1, charge: Charge::new(MEMBER) }
    }

    pub(super) fn insert(&mut self, key: &str, value: Value) {
        self.depth = deeper(self.depth, &value);
        match self.map.get_mut(key) {
            Some(before) => *before = value,
            None => {
                self.charge.grow(MEMBER + key.len());
                self.map.insert(key.to_owned(), value);
            }
        }
    }

    pub(super) fn settle(&mut self, gone: u32) {
        if gone + 1 >= self.depth {
            meter::work(self.map.len() as u64 / 8);
            self.depth = self.map.values().fold(1, deeper);
        }
    }
}

pub(super) fn deeper(depth: u32, item: &Value) -> u32 {
    let depth = depth.max(item.depth() + 1);
    meter::check_depth(depth);
    depth
}

impl Value {
    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Arr(list) => list.depth,
            Self::Obj(object) => object.depth,
            _ => 0,
        }
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let charge = Charge::new(text.len() + 48);
        Self::Str(Rc::new(Text { text, _charge: charge }))
    }

    pub(super) fn list(list: List) -> Self {
        Self::Arr(Rc::new(list))
    }

    pub(super) fn object(object: Object) -> Self {
        Self::Obj(Rc::new(object))
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    pub(super) fn whole(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Float(float) if float.is_finite() => Some(*float as i128),
            _ => None,
        }
    }

    /// The item or member at `index`, if there is one.
    pub(super) fn at(&self, index: &Self) -> ValR<Option<Self>, Self> {
        Ok(match (self, index) {
            (
                Self::Null,
                Self::Null | Self::Str(_) | Self::Int(_) | Self::Float(_) | Self::Obj(_),
            ) => None,
            (Self::Arr(list), Self::Int(_) | Self::Float(_)) => {
                position(index, list.items.len()).map(|at| list.items[at].clone())
            }
            (Self::Obj(object), Self::Str(key)) => object.map.get(&***key).cloned(),
            (Self::Arr(_), Self::Arr(_)) => Some(self.indices(index)?),
            (Self::Arr(_) | Self::Str(_), Self::Obj(bounds)) => {
                let (start, end) = (bounds.map.get("start"), bounds.map.get("end"));
                return jaq_core::ValT::range(self.clone(), start..end).map(Some);
            }
            _ => return Err(Error::index(self.clone(), index.clone())),
        })
    }

    /// Where `wanted` occurs: as an item, as a run of items, or as a part of a string (in characters).
    pub(super) fn indices(&self, wanted: &Self) -> ValR<Self> {
        let mut found = List::new();
        let mut hit = |at: usize| found.push(Self::Int(at as i128));
        match (self, wanted) {
            (Self::Str(text), Self::Str(part)) if !part.is_empty() => {
                meter::work(text.len() as u64 / 16);
                for (at, (start, _)) in text.char_indices().enumerate() {
                    if text.as_bytes()[start..].starts_with(part.as_bytes()) {
                        hit(at);
                    }
                }
            }
            (Self::Arr(list), Self::Arr(part)) if !part.items.is_empty() => {
                for (at, window) in list.items.windows(part.items.len()).enumerate() {
                    if window == part.items {
                        hit(at);
                    }
                }
            }
            (Self::Str(_), Self::Str(_)) | (Self::Arr(_), Self::Arr(_)) => {}
            (Self::Arr(list), item) => {
                for (at, candidate) in list.items.iter().enumerate() {
                    if candidate == item {
                        hit(at);
                    }
                }
            }
            (Self::Null, _) => return Ok(Self::Null),
            _ => return Err(Error::index(self.clone(), wanted.clone())),
        }
        Ok(Self::list(found))
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        let mut list = List::new();
        items.into_iter().for_each(|item| list.push(item));
        Self::list(list)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        Self::Int(value as i128)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Int(value as i128)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let mut object = Object::new();
        for (key, bound) in [("start", range.start), ("end", range.end)] {
            if let Some(bound) = bound {
                object.insert(key, bound);
            }
        }
        Self::object(object)
    }
}
