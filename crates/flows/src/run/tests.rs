use super::*;
use kernel::codes;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Plays a definition: what each step results in is a function of its path, so that two ways of playing it
/// can be compared.
struct Play {
    definition: Definition,
    run: Run,
    /// What is at work.
    at_work: Vec<Path>,
    /// What is ready to begin.
    ready: Vec<Path>,
    /// How often each step began after it had been committed that it is over.
    repeated: Vec<Path>,
    ended: Option<Outcome>,
    fails: Vec<String>,
    now: Timestamp,
}

impl Play {
    fn of(definition: &Value, fails: &[&str]) -> Self {
        let definition = Definition::read(definition).unwrap();
        let run = Run::new(json!({}), json!({}), json!({}));
        let fails = fails.iter().map(|name| (*name).to_owned()).collect();
        let mut play = Self {
            definition,
            run,
            at_work: Vec::new(),
            ready: Vec::new(),
            repeated: Vec::new(),
            ended: None,
            fails,
            now: NOW,
        };
        play.take(Event::Resume);
        play
    }

    fn take(&mut self, event: Event) {
        for effect in self.run.advance(&self.definition, event, self.now) {
            match effect {
                Effect::Begin(path) => {
                    if self.run.record(&path).is_some_and(|it| it.status.is_over()) {
                        self.repeated.push(path.clone());
                    }
                    self.ready.push(path);
                }
                Effect::Abort(path) => self.at_work.retain(|it| *it != path),
                Effect::End(outcome) => self.ended = Some(outcome),
            }
        }
    }

    /// Does one of the things that can be done next; whether there was one.
    fn go(&mut self, choice: usize) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let many = self.ready.len() + self.at_work.len();
        if many == 0 {
            let Some(at) = self.run.wake_at() else { return false };
            self.now = self.now.max(at);
            self.take(Event::Tick);
            return true;
        }
        let at = choice % many;
        if at < self.ready.len() {
            let path = self.ready.remove(at);
            self.begin(path);
        } else {
            let path = self.at_work.remove(at - self.ready.len());
            let outcome = self.outcome(&path);
            self.take(Event::Done(path, outcome));
        }
        true
    }

    fn begin(&mut self, path: Path) {
        use crate::definition::Kind;
        if !self.run.is_wanted(&path) {
            return;
        }
        let definition = self.definition.clone();
        let step = definition.step(&path).unwrap();
        let event = match &step.kind {
            Kind::Condition { .. } => Event::Entered(path, Choice::Way("then".into()), json!({})),
            Kind::Switch(_) => Event::Entered(path, Choice::Way("default".into()), json!({})),
            Kind::Parallel(_) => Event::Entered(path, Choice::Branches, json!({})),
            Kind::ForEach(each) => {
                let items = Arc::new(each.items.as_array().unwrap().clone());
                Event::Entered(path, Choice::Items(items), json!({ "items": each.items }))
            }
            Kind::Wait(_) => Event::Waits(path, json!({}), Some(self.now)),
            Kind::Transform(_) if step.when.is_some() => Event::Skipped(path),
            Kind::Transform(_) => {
                let outcome = self.outcome(&path);
                Event::Done(path, outcome)
            }
            _ => {
                self.at_work.push(path.clone());
                Event::Started(path, json!({}))
            }
        };
        self.take(event);
    }

    fn outcome(&self, path: &Path) -> Outcome {
        let step = self.definition.step(path).unwrap();
        if self.fails.contains(&step.name) {
            return Err(Failure::new(&codes::STEP_CODE, "it fails").passing());
        }
        Ok(json!(path.as_str()))
    }

    /// The process ends, and another reads what was committed.
    fn crash(&mut self) {
        let known = self.run.records().map(|(path, it)| (path.clone(), it.clone())).collect();
        self.run = Run::of(json!({}), json!({}), json!({}), known);
        self.at_work.clear();
        self.ready.clear();
        self.take(Event::Resume);
    }

    /// What the run came to, without times and numbers.
    fn result(&self) -> (Option<Outcome>, BTreeMap<String, (Status, Value)>) {
        let records = self.run.records();
        let each = records.map(|(path, it)| (path.to_string(), (it.status, (*it.output).clone())));
        (self.ended.clone(), each.collect())
    }
}

fn whole() -> Value {
    let leaf =
        |name: &str| json!({ "name": name, "type": "http", "config": { "url": "http://a.b" } });
    let made = |name: &str| json!({ "name": name, "type": "transform", "config": { "value": 1 } });
    json!({ "name": "All", "steps": [
        made("first"),
        { "name": "way", "type": "condition", "config": { "if": "true", "then": [leaf("a"), made("b")], "else": [] } },
        { "name": "none", "type": "condition", "config": { "if": "true", "then": [] } },
        { "name": "skipped", "type": "transform", "if": "false", "config": { "value": 1 } },
        { "name": "both", "type": "parallel", "config": { "branches": {
            "left": [leaf("l1"), leaf("l2")],
            "right": [{ "name": "inner", "type": "for_each", "config": { "items": [1, 2], "steps": [leaf("deep")] } }] } } },
        { "name": "each", "type": "for_each", "config": { "items": [1, 2, 3, 4, 5], "concurrency": 2,
            "steps": [leaf("send"), { "name": "nap", "type": "wait", "config": { "for": 0 } }, made("made")] } },
        { "name": "empty", "type": "for_each", "config": { "items": [], "steps": [leaf("nothing")] } },
        { "name": "risky", "type": "http", "config": { "url": "http://a.b" },
          "retry": { "attempts": 3, "delay": 5 }, "on_error": [leaf("sorry"), made("so")] },
        { "name": "forgiven", "type": "parallel", "config": { "branches": { "x": [leaf("x1"), leaf("x2")], "y": [leaf("y1")] } },
          "on_error": "continue" },
        { "name": "case", "type": "switch", "config": { "value": 1, "cases": [], "default": [leaf("last")] } },
    ] })
}

/// Enough for the longest way through [`whole`], crashes included.
const ENOUGH: usize = 2_000;

proptest! {
    #[test]
    fn any_order_ends_and_none_repeats(
        choices in prop::collection::vec(any::<usize>(), ENOUGH),
        crashes in prop::collection::btree_set(0usize..120, 0..12),
        fails in prop::sample::subsequence(vec!["risky", "x1", "l2", "sorry", "deep"], 0..4),
    ) {
        let mut play = Play::of(&whole(), &fails);
        let mut over: BTreeMap<Path, Record> = BTreeMap::new();
        for (at, choice) in choices.iter().enumerate() {
            if crashes.contains(&at) && play.ended.is_none() {
                play.crash();
            }
            if !play.go(*choice) {
                break;
            }
            for (path, record) in play.run.records().filter(|(_, it)| it.status.is_over()) {
                let before = over.entry(path.clone()).or_insert_with(|| record.clone());
                prop_assert_eq!(&before.output, &record.output, "{} is over, and changed", path);
            }
        }
        prop_assert!(play.ended.is_some(), "it ends");
        prop_assert!(play.repeated.is_empty(), "{:?} began again", play.repeated);
        prop_assert!(play.run.records().all(|(_, it)| it.status.is_over()));
        // The order of things does not show in what comes out, unless something fails in between.
        let hard = ["l2", "deep", "sorry"].iter().any(|name| fails.contains(name));
        if !hard && !fails.contains(&"x1") {
            let mut straight = Play::of(&whole(), &fails);
            while straight.go(0) {}
            prop_assert_eq!(play.result(), straight.result());
        }
    }
}

#[test]
fn attempts_are_counted_across_crashes_and_end() {
    let definition = json!({ "name": "x", "steps": [
        { "name": "a", "type": "http", "config": { "url": "http://a.b" }, "retry": { "attempts": 2, "delay": "1s" } } ] });
    let mut play = Play::of(&definition, &["a"]);
    let path = Path::from("0");
    play.begin(path.clone());
    play.crash();
    let again = play.ready.remove(0);
    play.begin(again);
    assert_eq!(play.run.record(&path).unwrap().attempts, 1, "it is the same attempt");
    play.go(0);
    let record = play.run.record(&path).unwrap();
    assert_eq!(
        (record.status, record.wake_at),
        (Status::Waiting, Some(NOW.plus(std::time::Duration::from_secs(1))))
    );
    play.crash();
    assert!(play.ready.is_empty(), "it waits for its time");
    while play.go(0) {}
    assert_eq!(play.run.record(&path).unwrap().attempts, 2);
    assert!(matches!(&play.ended, Some(Err(failure)) if failure.step.as_deref() == Some("a")));
}

#[test]
fn what_is_too_much_ends_the_run() {
    let items: Vec<_> = (0..6_000).collect();
    let definition = json!({ "name": "x", "steps": [
        { "name": "each", "type": "for_each", "config": { "items": items, "concurrency": 50, "steps": [
            { "name": "a", "type": "transform", "config": { "value": 1 } },
            { "name": "b", "type": "transform", "config": { "value": 1 } } ] } } ] });
    let mut play = Play::of(&definition, &[]);
    let begun = std::time::Instant::now();
    while play.go(0) {}
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    assert!(matches!(&play.ended, Some(Err(failure)) if failure.code == "execution.too_large"));
    let definition = json!({ "name": "x", "steps": [{ "name": "a", "type": "transform", "config": { "value": 1 } }] });
    let mut play = Play::of(&definition, &[]);
    play.ready.clear();
    play.take(Event::Done(Path::from("0"), Ok(json!("x".repeat(MOST_OUTPUT + 1)))));
    assert!(matches!(&play.ended, Some(Err(failure)) if failure.code == "step.too_large"));
}

#[test]
fn a_retry_keeps_what_went_well_before() {
    let mut play = Play::of(&whole(), &["last"]);
    while play.go(0) {}
    assert!(matches!(play.ended, Some(Err(_))));
    let records = |play: &Play| -> Vec<_> {
        play.run.records().map(|(p, r)| (p.clone(), r.clone())).collect()
    };
    for (from, begins) in [
        (None, "9.default.0"),
        (Some("b"), "1.then.1"),
        (Some("send"), "5[0].0"),
        (Some("first"), "0"),
    ] {
        let kept = again(&play.definition, records(&play), from).unwrap();
        let mut next = Play::of(&whole(), &[]);
        next.ready.clear();
        next.run = Run::of(json!({}), json!({}), json!({}), kept);
        next.take(Event::Resume);
        assert!(next.ready.contains(&Path::from(begins)), "{from:?}: {:?}", next.ready);
        while next.go(0) {}
        assert!(matches!(next.ended, Some(Ok(_))), "{from:?}");
    }
    assert!(again(&play.definition, records(&play), Some("nope")).is_none());
}
