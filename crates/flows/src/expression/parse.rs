//! Takes a text apart into what stands as it is and what is to be filled in.

/// A piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// A mere path.
    Path(Vec<Key>),
    /// Anything else.
    Jq(String),
}

/// A leg of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A field.
    Name(String),
    /// A place in a list, from the end when negative.
    At(i64),
}

/// The pieces of a text.
///
/// # Errors
/// A sentence, when a template has no end.
pub fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find("{{") {
        if begin > 0 {
            parts.push(Part::Text(rest[..begin].to_owned()));
        }
        let inner = &rest[begin + 2..];
        let Some(end) = end_of(inner) else {
            return Err("a template that begins with {{ ends with }}".to_owned());
        };
        let source = inner[..end].trim();
        if source.is_empty() {
            return Err("there is nothing between {{ and }}".to_owned());
        }
        parts.push(path(source).map_or_else(|| Part::Jq(source.to_owned()), Part::Path));
        rest = &inner[end + 2..];
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

/// Where the closing braces are: not within a text, nor within an object of the expression.
fn end_of(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut depth, mut quoted, mut at) = (0u32, false, 0);
    while at < bytes.len() {
        match (bytes[at], quoted) {
            (b'\\', true) => at += 1,
            (b'"', _) => quoted = !quoted,
            (b'{', false) => depth += 1,
            (b'}', false) if depth == 0 => {
                return (bytes.get(at + 1) == Some(&b'}')).then_some(at);
            }
            (b'}', false) => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// `input.a`, `.steps.x.output[0]`, `trigger.headers["x-id"]`.
fn path(source: &str) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    let mut rest = source.strip_prefix('.').unwrap_or(source);
    loop {
        if let Some(inner) = rest.strip_prefix('[') {
            if keys.is_empty() {
                return None;
            }
            let (key, after) = inner.split_once(']')?;
            let name = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
            keys.push(match name {
                Some(name) if !name.contains(['"', '\\']) => Key::Name(name.to_owned()),
                Some(_) => return None,
                None => Key::At(key.parse().ok()?),
            });
            rest = after;
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            keys.push(Key::Name(name.to_owned()));
            rest = after;
        }
        if rest.is_empty() {
            // A bare word that is none of ours is a function of jq, such as `now` or `true`.
            let is_word = keys.len() == 1 && !source.starts_with('.');
            let is_root =
                matches!(&keys[0], Key::Name(name) if super::ROOTS.contains(&name.as_str()));
            let is_jq = matches!(&keys[0], Key::Name(name) if super::program::is_word(name));
            return (!is_word || is_root || !is_jq).then_some(keys);
        }
        if !rest.starts_with('[') {
            rest = rest.strip_prefix('.')?;
        }
    }
}
