//! Where a step stands in a run: `2`, `2.then.0`, `3[5].1`, `2.on_error.0`.

use std::fmt;

/// The place of one step in one run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(String);

/// Where, within a step, another stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    /// In a round of a loop.
    Round(usize),
    /// On a way of a branching, or in the handler of an error.
    Way(String),
}

/// A row of steps, one after the other: the whole run, or a way or a round within a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence(Option<(Path, Inside)>);

impl Path {
    /// The way that leads to the handler of an error.
    pub const HANDLER: &'static str = "on_error";

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The row that it stands in, and its number there.
    pub fn place(&self) -> (Sequence, usize) {
        let Some((row, at)) = self.0.rsplit_once('.') else {
            return (Sequence(None), self.0.parse().unwrap_or_default());
        };
        (Sequence::of(row), at.parse().unwrap_or_default())
    }

    /// Index and what is inside, from the outermost step to this one, which has nothing inside.
    pub fn legs(&self) -> impl Iterator<Item = (usize, Option<Inside>)> {
        let mut rest = Some(self.0.as_str());
        std::iter::from_fn(move || {
            let text = rest.take()?;
            let end = text.find(['.', '[']).unwrap_or(text.len());
            let at = text[..end].parse().ok()?;
            let after = &text[end..];
            if let Some(round) = after.strip_prefix('[') {
                let (round, after) = round.split_once("].")?;
                rest = Some(after);
                return Some((at, Some(Inside::Round(round.parse().ok()?))));
            }
            if let Some(way) = after.strip_prefix('.') {
                let (way, after) = way.split_once('.')?;
                rest = Some(after);
                return Some((at, Some(Inside::Way(way.to_owned()))));
            }
            Some((at, None))
        })
    }

    /// Whether it stands somewhere within that step.
    pub fn is_within(&self, outer: &Path) -> bool {
        self.0.strip_prefix(&outer.0).is_some_and(|rest| rest.starts_with(['.', '[']))
    }

    /// The row within this step.
    pub fn inside(&self, inside: Inside) -> Sequence {
        Sequence(Some((self.clone(), inside)))
    }
}

impl Sequence {
    /// The steps of the run itself.
    pub const ROOT: Self = Self(None);

    fn of(row: &str) -> Self {
        if let Some(round) = row.strip_suffix(']')
            && let Some((outer, round)) = round.rsplit_once('[')
        {
            return Self(Some((
                Path::from(outer),
                Inside::Round(round.parse().unwrap_or_default()),
            )));
        }
        match row.rsplit_once('.') {
            Some((outer, way)) => Self(Some((Path::from(outer), Inside::Way(way.to_owned())))),
            None => Self(None),
        }
    }

    /// The step that it is in, and where in it; `None` for the run itself.
    pub fn outer(&self) -> Option<&(Path, Inside)> {
        self.0.as_ref()
    }

    /// The step of that number in the row.
    pub fn at(&self, index: usize) -> Path {
        match &self.0 {
            None => Path(index.to_string()),
            Some((outer, Inside::Round(round))) => Path(format!("{outer}[{round}].{index}")),
            Some((outer, Inside::Way(way))) => Path(format!("{outer}.{way}.{index}")),
        }
    }
}

impl<T: Into<String>> From<T> for Path {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_way_there_and_back() {
        for text in ["0", "12", "2.then.0", "3[5].1", "3[5].1.else.2", "1.left.0[2].0.on_error.3"] {
            let path = Path::from(text);
            let (row, at) = path.place();
            assert_eq!(row.at(at), path, "{text}");
            let mut built = Sequence::ROOT;
            let mut last = None;
            for (at, inside) in path.legs() {
                let here = built.at(at);
                last = Some(here.clone());
                match inside {
                    Some(inside) => built = here.inside(inside),
                    None => break,
                }
            }
            assert_eq!(last, Some(path), "{text}");
        }
        assert!(Path::from("3[5].1").is_within(&Path::from("3")));
        assert!(!Path::from("30").is_within(&Path::from("3")));
        assert_eq!(Path::from("x.y").legs().count(), 0);
    }
}
