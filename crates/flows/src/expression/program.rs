//! Makes a jq program of an expression: its roots may stand without a dot, as in `input.email`.

use super::ROOTS;

/// Words that mean something by themselves in jq.
pub(super) fn is_word(name: &str) -> bool {
    matches!(name, "true" | "false" | "null" | "empty" | "not" | "now" | "length" | "keys" | "type")
}

/// The program that runs an expression over a context. What is named without a dot is that of the context,
/// wherever it stands.
pub(super) fn over_context(source: &str, loops: &[&str]) -> String {
    let mut program = String::with_capacity(source.len() + 32);
    program.push_str(". as $ctx | ");
    words(source, loops, |piece, is_root| {
        if is_root {
            program.push_str("$ctx.");
        }
        program.push_str(piece);
    });
    program
}

/// The steps that are named, as `steps.name` or `steps["name"]`.
pub(super) fn steps_in(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("steps") {
        let before = source[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"') {
            continue;
        }
        // `.input.steps` is a field of somebody else's.
        let is_field = before == Some('.')
            && source[..at - 1].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ']');
        let rest = &source[at + 5..];
        let name = rest.strip_prefix('.').or_else(|| rest.strip_prefix("[\""));
        let Some(name) = name.filter(|_| !is_field) else { continue };
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &name[..end.unwrap_or(name.len())];
        if !name.is_empty() {
            found.push(name.to_owned());
        }
    }
    found
}

/// The name of something secret that is asked for.
pub(super) fn secret_in(source: &str) -> Option<&'static str> {
    for (word, name) in [("$ENV", "the environment"), ("env", "the environment")] {
        if has_root(source, word) {
            return Some(name);
        }
    }
    ["credentials", "secrets"].into_iter().find(|name| has_root(source, name))
}

/// Whether the word stands for itself, not as a field of something.
fn has_root(source: &str, word: &str) -> bool {
    source.match_indices(word).any(|(at, _)| {
        let before = source[..at].trim_start_matches('(').chars().next_back();
        let after = source[at + word.len()..].chars().next();
        let begins = match before {
            None => true,
            Some('.') => source[..at - 1].trim().is_empty(),
            Some(c) => c.is_whitespace() || "([{|,;+".contains(c),
        };
        begins && !after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"')
    })
}

/// Goes through a program: each piece, and whether it is a root that stands without a dot.
fn words<'a>(source: &'a str, loops: &[&str], mut each: impl FnMut(&'a str, bool)) {
    let bytes = source.as_bytes();
    // For each text that we are within: how many parentheses are open in its interpolation.
    let mut open: Vec<u32> = Vec::new();
    let mut quoted = false;
    let (mut at, mut from) = (0, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        if quoted {
            match byte {
                b'\\' if bytes.get(at + 1) == Some(&b'(') => {
                    open.push(0);
                    quoted = false;
                    at += 1;
                }
                b'\\' => at += 1,
                b'"' => quoted = false,
                _ => {}
            }
            at += 1;
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'(' => open.iter_mut().rev().take(1).for_each(|it| *it += 1),
            b')' => match open.last_mut() {
                Some(0) => {
                    open.pop();
                    quoted = true;
                }
                Some(count) => *count -= 1,
                None => {}
            },
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                let end = bytes[at..]
                    .iter()
                    .position(|it| !it.is_ascii_alphanumeric() && *it != b'_')
                    .map_or(bytes.len(), |length| at + length);
                let word = &source[at..end];
                let before = bytes[..at].last().copied().unwrap_or(b' ');
                let after = source[end..].trim_start().bytes().next().unwrap_or(b' ');
                let is_free =
                    !matches!(before, b'.' | b'$' | b'@') && !matches!(after, b'(' | b':');
                if is_free && (ROOTS.contains(&word) || loops.contains(&word)) {
                    each(&source[from..at], false);
                    each(word, true);
                    from = end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    each(&source[from..], false);
}
