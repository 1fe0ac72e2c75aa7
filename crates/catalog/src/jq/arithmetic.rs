//! `+ - * / %` on values, as in jq.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use jaq_std::ValT;

use super::meter::{self, Charge};
use super::value::{Object, Value};

impl Add for Value {
    type Output = ValR<Self>;
    fn add(self, right: Self) -> Self::Output {
        meter::tick();
        match (self, right) {
            (Self::Null, other) | (other, Self::Null) => Ok(other),
            (Self::Str(left), Self::Str(right)) => {
                let _room = Charge::new(left.len() + right.len());
                Ok(Self::text([&**left, &**right].concat()))
            }
            (Self::Arr(mut left), Self::Arr(right)) => {
                let list = Rc::make_mut(&mut left);
                right.items.iter().for_each(|item| list.push(item.clone()));
                Ok(Self::Arr(left))
            }
            (Self::Obj(mut left), Self::Obj(right)) => {
                let object = Rc::make_mut(&mut left);
                right.map.iter().for_each(|(key, value)| object.insert(key, value.clone()));
                Ok(Self::Obj(left))
            }
            (left, right) => numbers(left, Math::Add, right, i128::checked_add, |l, r| l + r),
        }
    }
}

impl Sub for Value {
    type Output = ValR<Self>;
    fn sub(self, right: Self) -> Self::Output {
        meter::tick();
        match (self, right) {
            (Self::Arr(left), Self::Arr(right)) => {
                let stays = |item: &&Self| !right.items.contains(item);
                Ok(left.items.iter().filter(stays).cloned().collect())
            }
            (left, right) => numbers(left, Math::Sub, right, i128::checked_sub, |l, r| l - r),
        }
    }
}

impl Mul for Value {
    type Output = ValR<Self>;
    fn mul(self, right: Self) -> Self::Output {
        meter::tick();
        match (self, right) {
            (Self::Str(text), times @ (Self::Int(_) | Self::Float(_)))
            | (times @ (Self::Int(_) | Self::Float(_)), Self::Str(text)) => {
                let times =
                    usize::try_from(times.whole().unwrap_or(0).max(0)).unwrap_or(usize::MAX);
                if times == 0 {
                    return Ok(Self::Null);
                }
                let _room = Charge::new(text.len().saturating_mul(times));
                Ok(Self::text(text.repeat(times)))
            }
            (Self::Obj(mut left), Self::Obj(right)) => {
                merge(Rc::make_mut(&mut left), &right);
                Ok(Self::Obj(left))
            }
            (left, right) => numbers(left, Math::Mul, right, i128::checked_mul, |l, r| l * r),
        }
    }
}

/// Objects within objects are merged, anything else is replaced.
fn merge(left: &mut Object, right: &Object) {
    meter::tick();
    for (key, value) in &right.map {
        let merged = match (left.map.get_mut(key).map(std::mem::take), value) {
            (Some(Value::Obj(mut inner)), Value::Obj(value)) => {
                merge(Rc::make_mut(&mut inner), value);
                Value::Obj(inner)
            }
            _ => value.clone(),
        };
        left.insert(key, merged);
    }
}

impl Div for Value {
    type Output = ValR<Self>;
    fn div(self, right: Self) -> Self::Output {
        meter::tick();
        match (&self, &right) {
            (Self::Str(text), Self::Str(separator)) if separator.is_empty() => {
                Ok(text.chars().map(Self::text).collect())
            }
            (Self::Str(text), Self::Str(_)) if text.is_empty() => Ok(std::iter::empty().collect()),
            (Self::Str(text), Self::Str(separator)) => {
                meter::work(text.len() as u64 / 64);
                Ok(text.split(&***separator).map(Self::text).collect())
            }
            _ => {
                let exact = |left: i128, right: i128| {
                    (right != 0 && left.checked_rem(right) == Some(0)).then(|| left / right)
                };
                numbers(self, Math::Div, right, exact, |l, r| l / r)
            }
        }
    }
}

impl Rem for Value {
    type Output = ValR<Self>;
    fn rem(self, right: Self) -> Self::Output {
        meter::tick();
        match (&self, &right) {
            (Self::Int(_), Self::Int(0)) => Err(Error::math(self, Math::Rem, right)),
            _ => numbers(self, Math::Rem, right, i128::checked_rem, |l, r| l % r),
        }
    }
}

impl Neg for Value {
    type Output = ValR<Self>;
    fn neg(self) -> Self::Output {
        meter::tick();
        match self {
            Self::Int(int) => Ok(Self::Int(int.saturating_neg())),
            Self::Float(float) => Ok(Self::Float(-float)),
            other => Err(Error::typ(other, "number")),
        }
    }
}

/// Whole numbers while the result is one, else floating point.
fn numbers(
    left: Value,
    operation: Math,
    right: Value,
    exact: impl Fn(i128, i128) -> Option<i128>,
    float: impl Fn(f64, f64) -> f64,
) -> ValR<Value> {
    if let (Value::Int(left), Value::Int(right)) = (&left, &right)
        && let Some(result) = exact(*left, *right)
    {
        return Ok(Value::Int(result));
    }
    match (left.as_f64(), right.as_f64()) {
        (Some(l), Some(r)) => Ok(Value::Float(float(l, r))),
        _ => Err(Error::math(left, operation, right)),
    }
}
