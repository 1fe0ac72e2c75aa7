//! How programs reach into values: indices, slices and iteration, to read and to update, as the interpreter
//! asks for them.

use std::fmt;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValX};

use super::json;
use super::meter::{self, Charge};
use super::value::{List, Object, Value, deeper};

/// Where an index points; counted from the end when negative.
pub(super) fn position(index: &Value, length: usize) -> Option<usize> {
    let at = index.whole()?;
    let at = if at < 0 { at + length as i128 } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// The part of `length` that a range means.
fn span(range: &Range<&Value>, length: usize) -> ValR<std::ops::Range<usize>, Value> {
    let bound = |bound: Option<&Value>, default: usize| match bound {
        None | Some(Value::Null) => Ok(default),
        Some(value) => {
            let at = value.whole().ok_or_else(|| Error::typ(value.clone(), "number"))?;
            let at = if at < 0 { at + length as i128 } else { at };
            Ok(at.clamp(0, length as i128) as usize)
        }
    };
    let (start, end) = (bound(range.start, 0)?, bound(range.end, length)?);
    Ok(start..end.max(start))
}

/// The bytes of `text` that a range of characters means.
fn text_span(range: &Range<&Value>, text: &str) -> ValR<std::ops::Range<usize>, Value> {
    meter::work(text.len() as u64 / 64);
    let chars = span(range, text.chars().count())?;
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    Ok(byte(chars.start)..byte(chars.end))
}

impl jaq_core::ValT for Value {
    fn from_num(number: &str) -> ValR<Self> {
        let float = || number.parse().map(Self::Float).ok();
        let parsed = number.parse().map(Self::Int).ok().or_else(float);
        parsed.ok_or_else(|| Error::str("this is not a number"))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> ValR<Self> {
        let mut object = Object::new();
        for (key, value) in pairs {
            let Self::Str(key) = key else { return Err(Error::typ(key, "key of an object")) };
            object.insert(&key, value);
        }
        Ok(Self::object(object))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Arr(list) => {
                Box::new(each(list).enumerate().map(|(at, item)| Ok((Self::Int(at as i128), item))))
            }
            Self::Obj(object) => Box::new((0..object.map.len()).filter_map(move |at| {
                let (key, value) = object.map.get_index(at)?;
                Some(Ok((Self::text(key.as_str()), value.clone())))
            })),
            other => box_once(Err(Error::typ(other, "array or object"))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        meter::tick();
        match self {
            Self::Arr(list) => Box::new(each(list).map(Ok)),
            Self::Obj(object) => Box::new((0..object.map.len()).filter_map(move |at| {
                meter::tick();
                object.map.get_index(at).map(|(_, value)| Ok(value.clone()))
            })),
            other => box_once(Err(Error::typ(other, "array or object"))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        self.at(index).map(Option::unwrap_or_default)
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Str(text) => Ok(Self::text(&text[text_span(&range, &text)?])),
            Self::Arr(list) => {
                let span = span(&range, list.items.len())?;
                Ok(list.items[span].iter().cloned().collect())
            }
            other => Err(Error::typ(other, "array or string")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Arr(list) => each(list).flat_map(f).collect(),
            Self::Obj(object) => {
                let mut mapped = Object::new();
                for (key, value) in &object.map {
                    meter::tick();
                    if let Some(value) = f(value.clone()).next().transpose()? {
                        mapped.insert(key, value);
                    }
                }
                Ok(Self::object(mapped))
            }
            other => opt.fail(other, |other| Exn::from(Error::typ(other, "array or object"))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        mut self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        meter::tick();
        if let (Self::Str(_) | Self::Arr(_), Self::Obj(bounds)) = (&self, index) {
            return self.map_range(bounds.map.get("start")..bounds.map.get("end"), opt, f);
        }
        // jq makes what is updated within null.
        if matches!(self, Self::Null) {
            self = if index.whole().is_some() {
                Self::list(List::new())
            } else {
                Self::object(Object::new())
            };
        }
        match (&mut self, index) {
            (Self::Obj(object), Self::Str(key)) => {
                let object = Rc::make_mut(object);
                let before = object.map.get_mut(&***key).map(std::mem::take).unwrap_or_default();
                let depth = before.depth();
                match f(before).next().transpose()? {
                    Some(value) => object.insert(key, value),
                    None => drop(object.map.shift_remove(&***key)),
                }
                object.settle(depth);
                Ok(self)
            }
            (Self::Arr(list), index) if index.whole().is_some() => {
                let list = Rc::make_mut(list);
                let Some(at) = grown(list, index) else {
                    let error =
                        || Exn::from(Error::str(format_args!("index {index} is out of bounds")));
                    return opt.fail(self, |_| error());
                };
                let before = std::mem::take(&mut list.items[at]);
                let depth = before.depth();
                match f(before).next().transpose()? {
                    Some(value) => {
                        list.depth = deeper(list.depth, &value);
                        list.items[at] = value;
                    }
                    None => drop(list.items.remove(at)),
                }
                list.settle(depth);
                Ok(self)
            }
            _ => opt.fail(self, |other| Exn::from(Error::index(other, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Arr(list) => {
                let span = span(&range, list.items.len())?;
                let part = list.items[span.clone()].iter().cloned().collect();
                let new = f(part).next().transpose()?;
                let (before, after) = (&list.items[..span.start], &list.items[span.end..]);
                let Self::Arr(middle) = new.unwrap_or_else(|| Self::list(List::new())) else {
                    return Err(Exn::from(Error::str("a slice of an array can only be an array")));
                };
                Ok(before.iter().chain(&middle.items).chain(after).cloned().collect())
            }
            Self::Str(text) => {
                let span = text_span(&range, &text)?;
                let new = f(Self::text(&text[span.clone()])).next().transpose()?;
                let new = new.unwrap_or_else(|| Self::text(""));
                let new = new.as_str().ok_or_else(|| Error::typ(new.clone(), "string"))?;
                let _room = Charge::new(text.len() + new.len());
                Ok(Self::text([&text[..span.start], new, &text[span.end..]].concat()))
            }
            other => opt.fail(other, |other| Exn::from(Error::typ(other, "array or string"))),
        }
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        if matches!(self, Self::Str(_)) { self } else { Self::text(json::write(&self)) }
    }
}

/// The items one by one, without a copy of the list when it is shared.
fn each(list: Rc<List>) -> impl Iterator<Item = Value> + 'static {
    (0..list.items.len()).map(move |at| {
        meter::tick();
        list.items[at].clone()
    })
}

/// Where an index points, with nulls put in up to there when it is past the end, as jq does.
fn grown(list: &mut List, index: &Value) -> Option<usize> {
    let length = list.items.len();
    let at = index.whole()?;
    let at = usize::try_from(if at < 0 { at + length as i128 } else { at }).ok()?;
    for _ in length..=at {
        list.push(Value::Null);
    }
    Some(at)
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(list) => Ok(each(list).collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Int(_))
    }

    fn as_isize(&self) -> Option<isize> {
        if let Self::Int(int) = self { isize::try_from(*int).ok() } else { None }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(*int as f64),
            Self::Float(float) => Some(*float),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_str().map(str::as_bytes)
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::text(String::from_utf8_lossy(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(String::from_utf8_lossy(bytes.as_ref()))
    }
}

/// For messages: the JSON, shortened.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&json::excerpt(self))
    }
}
