//! Many programs over one input, run as one: a value that one of them cannot give keeps none of the others
//! from theirs.

use std::fmt::Write;
use std::sync::OnceLock;

use kernel::Timestamp;
use serde_json::{Map, Value, json};

use super::{JqError, Limits, Program, compile, run_with};

/// Several programs as one, compiled when it is first run and kept.
#[derive(Clone, Debug, Default)]
pub struct Gather(OnceLock<(String, Program)>);

/// What the programs gave, by name.
#[derive(Debug)]
pub struct Gathered(Result<Map<String, Value>, JqError>);

impl Gather {
    /// Runs each program on the input, under its name. They see `$now`, in seconds since 1970, or `null`.
    pub fn run<'a>(
        &self,
        programs: impl IntoIterator<Item = (&'a str, &'a str)>,
        input: Value,
        now: Option<Timestamp>,
    ) -> Gathered {
        let whole = whole(programs);
        let compiled = match self.0.get() {
            Some((text, program)) if *text == whole => Ok(program.clone()),
            _ => compile(&whole).inspect(|program| {
                // Another thread may have kept the same; what was kept for another text stays.
                let _ = self.0.set((whole, program.clone()));
            }),
        };
        let known = json!({"now": now.map(Timestamp::secs)});
        let found = compiled.and_then(|it| run_with(&it, input, known, Limits::default()));
        Gathered(found.map(|found| match found {
            Value::Object(found) => found,
            _ => Map::new(),
        }))
    }
}

impl Gathered {
    /// What a program gave; `None` when that is nothing or `null`.
    ///
    /// # Errors
    /// Why it gave no value.
    pub fn take(&mut self, name: &str) -> Result<Option<Value>, String> {
        let found = self.0.as_mut().map_err(|error| error.to_string())?;
        match found.remove(name) {
            Some(Value::Array(mut outputs)) if outputs.len() <= 1 => {
                Ok(outputs.pop().filter(|value| !value.is_null()))
            }
            Some(Value::Array(_)) => Err(JqError::Several.to_string()),
            Some(Value::Object(failed)) => Err(match failed.get("error") {
                Some(Value::String(reason)) => reason.chars().take(300).collect(),
                _ => "the program failed".to_owned(),
            }),
            _ => Ok(None),
        }
    }
}

/// The programs as one. Each stands in brackets and on a line of its own, because it may end in a comment.
fn whole<'a>(programs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut whole = String::from("$config.now as $now | {");
    for (at, (name, program)) in programs.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let name = Value::from(name);
        // Writing to a string cannot fail.
        let _ = write!(whole, "{comma}{name}:(try [limit(2;({program}\n))] catch {{error:.}})");
    }
    whole + "}"
}

/// Whether a program can be run so.
pub(crate) fn gatherable(program: &str) -> Result<(), JqError> {
    compile(&whole([("it", program)])).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_leaves_the_others() {
        let programs = [
            ("a", ".a # the first"),
            ("b", ".a.b"),
            ("c", ".a, .a"),
            ("d", "empty"),
            ("e", "def f: . + 1; .a | f"),
            ("f", ".none"),
            ("g", "$now - .a"),
        ];
        let gather = Gather::default();
        let now = Some(Timestamp::from_secs(100));
        for _ in 0..2 {
            let mut found = gather.run(programs, json!({"a": 1}), now);
            assert_eq!(found.take("a"), Ok(Some(json!(1))));
            assert!(found.take("b").unwrap_err().contains("index"));
            assert!(found.take("c").unwrap_err().contains("more than one"));
            assert_eq!(found.take("d"), Ok(None));
            assert_eq!(found.take("e"), Ok(Some(json!(2))));
            assert_eq!(found.take("f"), Ok(None));
            assert_eq!(found.take("g"), Ok(Some(json!(99))));
            assert_eq!(found.take("h"), Ok(None));
        }
        // Other programs are not mistaken for those that were kept.
        let mut found = gather.run([("a", ".b")], json!({"b": 7}), None);
        assert_eq!(found.take("a"), Ok(Some(json!(7))));
        let mut found = gather.run([("a", ". |")], json!({}), None);
        assert!(found.take("a").unwrap_err().contains("cannot be read"));
    }
}
