//! CSV (RFC 4180) with a header row, as an array of objects whose values are text.

use serde_json::{Map, Value};

use super::DecodeError;

pub(super) fn decode(text: &str) -> Result<Value, DecodeError> {
    let mut rows = rows(text)?.into_iter();
    let header = rows.next().unwrap_or_default();
    let object = |row: Vec<String>| {
        let pairs = header.iter().cloned().zip(row.into_iter().map(Value::String));
        Value::Object(Map::from_iter(pairs))
    };
    Ok(Value::Array(rows.map(object).collect()))
}

fn rows(text: &str) -> Result<Vec<Vec<String>>, DecodeError> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            letter if quoted => field.push(letter),
            ',' => row.push(std::mem::take(&mut field)),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            letter => field.push(letter),
        }
    }
    if quoted {
        return Err(DecodeError::malformed("CSV", "a quoted field is not closed"));
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    // A blank line is one empty field and says nothing.
    rows.retain(|row| row.len() > 1 || row.iter().any(|field| !field.is_empty()));
    Ok(rows)
}
