//! Whom an account may stand for: the artists that a platform knows by a name, each with a score. A person
//! chooses; the first of them is no more than the likeliest. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// An artist that may be meant.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Candidate {
    /// The platform's id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) followers: Option<u64>,
    pub(crate) url: Option<String>,
    /// From 0 to 1: how alike the names are, how well known it is, and whether it shares an id with
    /// another account of the same subject.
    pub(crate) score: f64,
}

/// What the catalog's mapping gives.
#[derive(Deserialize)]
struct Found {
    id: Value,
    name: String,
    #[serde(default)]
    followers: Option<u64>,
    #[serde(default)]
    url: Option<String>,
    /// Ids of the same artist elsewhere.
    #[serde(default)]
    ids: Map<String, Value>,
}

/// The candidates in what a platform found, the likeliest first. `known` are ids that are known to be of
/// the artist.
pub(crate) fn candidates(found: &Value, name: &str, known: &BTreeSet<String>) -> Vec<Candidate> {
    let found = found.as_array().into_iter().flatten();
    let found: Vec<Found> = found.filter_map(|it| Found::deserialize(it).ok()).collect();
    let most = found.iter().filter_map(|it| it.followers).max().unwrap_or(0);
    let mut candidates: Vec<_> = found
        .into_iter()
        .filter_map(|it| {
            let id = text(&it.id)?;
            let shares = known.contains(&id)
                || it.ids.values().filter_map(text).any(|other| known.contains(&other));
            let score = score(likeness(name, &it.name), it.followers, most, shares);
            Some(Candidate { id, name: it.name, followers: it.followers, url: it.url, score })
        })
        .collect();
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    candidates
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The name says most; fame decides between namesakes; a shared id is next to proof.
fn score(likeness: f64, followers: Option<u64>, most: u64, shares: bool) -> f64 {
    let log = |count: u64| (count as f64 + 1.0).ln();
    let fame = followers.filter(|_| most > 0).map_or(0.0, |count| log(count) / log(most));
    let score = 0.8 * likeness + 0.1 * fame + if shares { 0.5 } else { 0.0 };
    (score.min(1.0) * 1_000.0).round() / 1_000.0
}

/// How alike two names are: 1 when they are the same but for case, accents, signs and a leading "the";
/// else the share of pairs of letters that both have (Sørensen and Dice).
fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (normal(one), normal(other));
    if one == other {
        return if one.is_empty() { 0.0 } else { 1.0 };
    }
    let pairs =
        |text: &str| -> Vec<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (ours, mut theirs) = (pairs(&one), pairs(&other));
    let total = ours.len() + theirs.len();
    if total == 0 {
        return 0.0;
    }
    let mut shared = 0;
    for pair in ours {
        if let Some(at) = theirs.iter().position(|it| *it == pair) {
            theirs.swap_remove(at);
            shared += 1;
        }
    }
    // What is not the same is never quite 1.
    f64::from(2 * shared) / total as f64 * 0.95
}

fn normal(name: &str) -> String {
    let lower = name.to_lowercase();
    let lower = lower.strip_prefix("the ").unwrap_or(&lower);
    lower.chars().filter(|letter| letter.is_alphanumeric()).map(plain).collect()
}

/// A Latin letter without its accent.
fn plain(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ź' | 'ż' | 'ž' => 'z',
        'ł' => 'l',
        'ř' => 'r',
        'ğ' => 'g',
        'ţ' | 'ț' | 'ť' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_compared_as_people_do() {
        for (one, other) in
            [("The Sígur Rós", "sigur ros"), ("AC/DC", "acdc"), ("Mina Sol", "mina  SOL")]
        {
            assert!((likeness(one, other) - 1.0).abs() < 1e-9, "{one} {other}");
        }
        assert!(likeness("Aurel", "Aurel Tribute Band") < 0.6);
        assert!(likeness("Aurel", "Aurora") > likeness("Aurel", "Mina"));
        assert_eq!((likeness("", ""), likeness("a", "b")), (0.0, 0.0));
        assert!(likeness("ab ba", "ba ab") < 1.0);
    }

    #[test]
    fn the_likeliest_comes_first_and_a_shared_id_counts() {
        let found = json!([
            {"id": "tribute", "name": "Aurel Tribute", "followers": 900_000},
            {"id": "small", "name": "Aurel", "followers": 12},
            {"id": 7, "name": "AUREL", "followers": 40_000, "url": "https://a.example/7"},
            {"name": "no id"}, "no object",
        ]);
        let order = |known: &[&str]| {
            let known = known.iter().map(|it| (*it).to_owned()).collect();
            let found = candidates(&found, "Aurel", &known);
            found.into_iter().map(|it| it.id).collect::<Vec<_>>()
        };
        assert_eq!(order(&[]), ["7", "small", "tribute"]);
        assert_eq!(order(&["small"]), ["small", "7", "tribute"]);
        assert_eq!(candidates(&json!({"error": 1}), "Aurel", &BTreeSet::new()), []);
    }
}
