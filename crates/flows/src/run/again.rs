//! What is kept when a run is tried again: all that went well before the step that it begins at.

use super::{Choice, Path, Record, Status};
use crate::definition::{Definition, Kind, Step};

/// The records that a new run begins with, so that it goes on at the step of that name; without a name, at
/// what did not go well. `None` when there is no such step.
pub fn again(
    definition: &Definition,
    known: impl IntoIterator<Item = (Path, Record)>,
    from: Option<&str>,
) -> Option<Vec<(Path, Record)>> {
    let from = match from {
        Some(name) => Some(find(&definition.steps, name)?),
        None => None,
    };
    let mut kept: Vec<(Path, Record)> = Vec::new();
    let mut reopened: Vec<Path> = Vec::new();
    for (path, record) in known {
        let Some(step) = definition.step(&path) else { continue };
        let is_before = from.is_none_or(|from| step.order < from.order);
        let went_well = matches!(record.status, Status::Succeeded | Status::Skipped)
            || (record.status == Status::Failed && step.is_forgiving());
        // What failed with something within it goes on within.
        let is_gone_into =
            matches!(record.choice, Some(Choice::Way(_) | Choice::Branches | Choice::Items(_)));
        if is_before && went_well {
            kept.push((path, record));
        } else if is_before && is_gone_into {
            kept.push((path, open(record)));
        } else {
            reopened.push(path);
        }
    }
    // What holds a step that is done again is not over.
    let is_around = |outer: &Path| reopened.iter().any(|inner| inner.is_within(outer));
    let holds = |outer: &Path| {
        let holds = definition.step(outer).zip(from).is_some_and(|(it, from)| contains(it, from));
        holds || is_around(outer)
    };
    let kept = kept.into_iter().map(|(path, record)| {
        let is_open = holds(&path);
        let record = if is_open { open(record) } else { record };
        (path, record)
    });
    let kept: Vec<_> = kept.collect();
    // A step whose way was called off with it is entered anew.
    let lost = |path: &Path| {
        let is_kept = |outer: &Path| kept.iter().any(|(known, _)| known == outer);
        outers(path).any(|outer| !is_kept(&outer))
    };
    let kept: Vec<_> = kept.iter().filter(|(path, _)| !lost(path)).cloned().collect();
    Some(kept)
}

fn open(record: Record) -> Record {
    let status = Status::Running;
    let choice = record.choice.filter(|choice| *choice != Choice::Handler);
    Record { status, choice, error: None, ended_at: None, ..record }
}

fn outers(path: &Path) -> impl Iterator<Item = Path> {
    let mut path = path.clone();
    std::iter::from_fn(move || {
        let (row, _) = path.place();
        let (outer, _) = row.outer()?.clone();
        path = outer.clone();
        Some(outer)
    })
}

fn find<'a>(steps: &'a [Step], name: &str) -> Option<&'a Step> {
    steps.iter().find_map(|step| {
        if step.name == name {
            return Some(step);
        }
        rows(step).find_map(|row| find(row, name))
    })
}

fn contains(outer: &Step, inner: &Step) -> bool {
    rows(outer).flatten().any(|step| step.order == inner.order || contains(step, inner))
}

fn rows(step: &Step) -> impl Iterator<Item = &[Step]> {
    let mut rows: Vec<&[Step]> = Vec::new();
    match &step.kind {
        Kind::Condition { then, otherwise, .. } => rows.extend([then.as_slice(), otherwise]),
        Kind::Switch(switch) => {
            rows.extend(switch.cases.iter().map(|case| case.steps.as_slice()));
            rows.push(&switch.default);
        }
        Kind::Parallel(branches) => rows.extend(branches.iter().map(|(_, row)| row.as_slice())),
        Kind::ForEach(each) => rows.push(&each.steps),
        _ => {}
    }
    if let crate::definition::OnError::Handle(row) = &step.on_error {
        rows.push(row);
    }
    rows.into_iter()
}
