//! The parts of a template: text as it is, and names to fill in.

use super::TemplateError;

/// What a name begins with.
const ROOTS: [&str; 8] = [
    "credentials",
    "config",
    "options",
    "input",
    "token",
    "connection",
    "subscription",
    "days_ago",
];

/// A part of a template.
pub(super) enum Part<'t> {
    Text(&'t str),
    Name(&'t str),
}

pub(super) fn parse<'t>(pointer: &str, template: &'t str) -> Result<Vec<Part<'t>>, TemplateError> {
    let wrong = |reason| TemplateError::Syntax {
        pointer: pointer.to_owned(),
        template: template.chars().take(120).collect(),
        reason,
    };
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let (name, after) = after.split_once("}}").ok_or_else(|| wrong("`{{` is not closed"))?;
        let name = name.trim();
        let readable = |word: &str| {
            !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '{')
        };
        if !name.split('.').all(readable) {
            return Err(wrong("between `{{` and `}}` stands one name such as `config.city`"));
        }
        let root = name.split('.').next().unwrap_or_default();
        if !(ROOTS.contains(&root) && name.contains('.')) && name != "now" {
            return Err(wrong(
                "a name begins with `credentials.`, `config.`, `input.`, `token.` or `connection.`, or is `now`",
            ));
        }
        parts.push(Part::Name(name));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// The names a template asks for, aliases resolved: `config.city` for `{{options.city}}`. What cannot be
/// read names nothing; see [`check`].
pub fn referenced(template: &str) -> Vec<String> {
    let named = |part| match part {
        Part::Name(name) => Some(canonical(name)),
        Part::Text(_) => None,
    };
    parse("", template).unwrap_or_default().into_iter().filter_map(named).collect()
}

/// Whether a template can be read.
pub fn check(pointer: &str, template: &str) -> Result<(), TemplateError> {
    parse(pointer, template).map(drop)
}

/// The name without its alias.
pub(super) fn canonical(name: &str) -> String {
    name.strip_prefix("options.").map_or_else(|| name.to_owned(), |rest| format!("config.{rest}"))
}
