//! What the expressions of one step see of its run.

use serde_json::{Map, Value, json};

use crate::definition::Definition;
use crate::expression::{Context, Key, Sight, follow};
use crate::run::{Failure, Path, Record, Run};

/// A run, seen from one of its steps.
pub(crate) struct RunSight<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) run: &'a Run,
    pub(crate) path: &'a Path,
}

impl RunSight<'_> {
    /// What a text with expressions mentions, as one object. A step is in it when its name stands there, or
    /// all are when it cannot be told.
    pub(crate) fn context_for(&self, text: &str) -> Context {
        let mut seen = Map::new();
        let run = self.run;
        for (root, value) in
            [("input", &run.input), ("trigger", &run.trigger), ("execution", &run.about)]
        {
            if text.contains(root) || text.contains('.') {
                seen.insert(root.to_owned(), (**value).clone());
            }
        }
        let open_ended = ["steps[", "steps|", "steps |", ".[", "to_entries", "$ctx"];
        let all = open_ended.iter().any(|it| text.contains(it));
        let mut steps = Map::new();
        for name in self.definition.names().filter(|name| all || text.contains(*name)) {
            if let Some(record) = self.step(name) {
                steps.insert(name.to_owned(), shown(record));
            }
        }
        seen.insert("steps".to_owned(), Value::Object(steps));
        for (place, item, round) in run.loops(self.path) {
            if let Some(name) = self.name_of(&place) {
                seen.insert(name.to_owned(), item.clone());
            }
            seen.insert("item".to_owned(), item.clone());
            seen.insert("index".to_owned(), json!(round));
        }
        seen.insert("error".to_owned(), run.error(self.path).map(told).unwrap_or_default());
        Context(Value::Object(seen))
    }

    fn step(&self, name: &str) -> Option<&Record> {
        self.run.record(&self.definition.place(name, self.path)?)
    }

    /// What the author calls the items of a loop.
    fn name_of(&self, path: &Path) -> Option<&str> {
        match &self.definition.step(path)?.kind {
            crate::definition::Kind::ForEach(each) => each.name.as_deref(),
            _ => None,
        }
    }

    fn of_step(&self, keys: &[Key]) -> Option<Value> {
        let Some((Key::Name(name), keys)) = keys.split_first() else {
            return Some(self.context_for("steps[").0["steps"].take());
        };
        let record = self.step(name)?;
        match keys.split_first() {
            None => Some(shown(record)),
            Some((Key::Name(field), keys)) => match field.as_str() {
                "output" => follow(&record.output, keys).cloned(),
                "status" => Some(Value::from(record.status.name())),
                "error" => follow(&told(record.error.as_ref()?), keys).cloned(),
                _ => None,
            },
            Some(_) => None,
        }
    }
}

impl Sight for RunSight<'_> {
    fn look(&self, keys: &[Key]) -> Value {
        let Some((Key::Name(root), keys)) = keys.split_first() else { return Value::Null };
        let run = self.run;
        let found = match root.as_str() {
            "input" => follow(&run.input, keys).cloned(),
            "trigger" => follow(&run.trigger, keys).cloned(),
            "execution" => follow(&run.about, keys).cloned(),
            "steps" => self.of_step(keys),
            "item" => run.item(self.path).and_then(|(item, _)| follow(item, keys).cloned()),
            "index" => run.item(self.path).map(|(_, round)| json!(round)),
            "error" => run.error(self.path).and_then(|it| follow(&told(it), keys).cloned()),
            name => {
                let mut loops: Vec<_> = run.loops(self.path).collect();
                loops.reverse();
                let found = loops.iter().find(|(place, ..)| self.name_of(place) == Some(name));
                found.and_then(|(_, item, _)| follow(item, keys).cloned())
            }
        };
        found.unwrap_or_default()
    }

    fn context(&self) -> Value {
        self.context_for("steps[.").0
    }
}

fn shown(record: &Record) -> Value {
    json!({
        "output": *record.output, "status": record.status.name(),
        "error": record.error.as_ref().map(told),
    })
}

fn told(failure: &Failure) -> Value {
    serde_json::to_value(failure).unwrap_or_default()
}
