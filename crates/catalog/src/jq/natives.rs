//! The vocabulary of programs: jaq's own, without what reaches outside or never returns, and with ours
//! where jaq's is bound to its own values.

use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, ValR};

use super::Language;
use super::json;
use super::meter;
use super::value::Value;

/// What a program must not have: the environment, the clock, the machine's time zone, the log, the exit.
const ABSENT: [&str; 12] = [
    "env",
    "now",
    "halt",
    "halt_error",
    "debug",
    "stderr",
    "debug_empty",
    "stderr_empty",
    "localtime",
    "strflocaltime",
    "input",
    "inputs",
];
/// Characters of text times states of a regular expression that one match may take. The engine does not
/// backtrack, so this bounds it.
const REGEX_WORK: u64 = 500_000_000;
/// So much of that work is one step.
const REGEX_STEP: u64 = 1_000;

/// The filters that are written in jq.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let parsed = |code| jaq_core::load::parse(code, |parser| parser.defs()).unwrap_or_default();
    jaq_core::defs()
        .chain(parsed(include_str!("extra.jq")))
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(parsed(include_str!("more.jq")))
        .filter(|definition| !ABSENT.contains(&definition.name))
}

/// The filters that are written in Rust.
pub(super) fn functions() -> impl Iterator<Item = Fun<Language>> {
    let renamed = |(name, arguments, native): Fun<Language>| {
        let name = match name {
            "matches" => "matches_",
            "split_matches" => "split_matches_",
            "split_" => "split__",
            name => name,
        };
        (name, arguments, native)
    };
    jaq_core::funs()
        .chain(jaq_std::funs())
        .filter(|(name, ..)| !ABSENT.contains(name))
        .map(renamed)
        .chain(own())
}

fn own() -> impl Iterator<Item = Fun<Language>> {
    [
        run::<Language>(("fromjson", v(0), |cv| bome(from_json(&cv.1)))),
        run::<Language>(("tojson", v(0), |cv| bome(Ok(Value::text(json::write(&cv.1)))))),
        run::<Language>(("length", v(0), |cv| bome(length(&cv.1)))),
        run::<Language>(("contains", v(1), |cv| {
            unary(cv, |whole, part| Ok(Value::Bool(contains(&whole, &part))))
        })),
        run::<Language>(("has", v(1), |cv| {
            unary(cv, |value, key| value.at(&key).map(|found| Value::Bool(found.is_some())))
        })),
        run::<Language>(("indices", v(1), |cv| unary(cv, |value, part| value.indices(&part)))),
        run::<Language>(("bsearch", v(1), |cv| {
            unary(cv, |list, item| binary_search(&list, &item))
        })),
        run::<Language>(("regex_cost", v(1), |cv| unary(cv, regex_cost))),
    ]
    .into_iter()
}

fn from_json(value: &Value) -> ValR<Value> {
    let text = value.as_str().ok_or_else(|| Error::typ(value.clone(), "string"))?;
    meter::work(text.len() as u64 / 16);
    serde_json::from_str(text)
        .map(Value::from_json)
        .map_err(|error| Error::str(format_args!("cannot parse {value} as JSON: {error}")))
}

fn length(value: &Value) -> ValR<Value> {
    Ok(match value {
        Value::Null => Value::Int(0),
        Value::Int(int) => Value::Int(int.saturating_abs()),
        Value::Float(float) => Value::Float(float.abs()),
        Value::Str(text) => {
            meter::work(text.len() as u64 / 256);
            Value::from(text.chars().count())
        }
        Value::Arr(list) => Value::from(list.items.len()),
        Value::Obj(object) => Value::from(object.map.len()),
        Value::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
    })
}

fn contains(whole: &Value, part: &Value) -> bool {
    meter::tick();
    match (whole, part) {
        (Value::Str(whole), Value::Str(part)) => {
            meter::work(whole.len() as u64 / 256);
            whole.contains(&***part)
        }
        (Value::Arr(whole), Value::Arr(part)) => {
            part.items.iter().all(|part| whole.items.iter().any(|item| contains(item, part)))
        }
        (Value::Obj(whole), Value::Obj(part)) => part
            .map
            .iter()
            .all(|(key, part)| whole.map.get(key).is_some_and(|item| contains(item, part))),
        (whole, part) => whole == part,
    }
}

fn binary_search(list: &Value, item: &Value) -> ValR<Value> {
    let Value::Arr(list) = list else { return Err(Error::typ(list.clone(), "array")) };
    let found = list.items.binary_search(item);
    Ok(Value::Int(found.map_or_else(|at| -1 - at as i128, |at| at as i128)))
}

/// Gives the text back when a match over it is affordable. A pattern has about as many states as letters,
/// times what its counted repetitions say.
fn regex_cost(text: Value, pattern: Value) -> ValR<Value> {
    let (Some(haystack), Some(pattern)) = (text.as_str(), pattern.as_str()) else {
        return Ok(text);
    };
    let repeats: u64 = pattern
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .flat_map(|counts| {
            counts.split(',').filter_map(|count| count.trim().parse::<u64>().ok()).max()
        })
        .fold(1, |product, count| product.saturating_mul(count.max(1)));
    let states = (pattern.len() as u64 + 1).saturating_mul(repeats);
    let work = states.saturating_mul(haystack.len() as u64 + 1);
    if states > 100_000 || work > REGEX_WORK {
        return Err(Error::str("the regular expression is too expensive for this text"));
    }
    meter::work(1 + work / REGEX_STEP);
    Ok(text)
}
