//! The part of the GraphQL language (October 2021, sections 2.1 to 2.10) that a query needs.

use std::collections::HashMap;

use serde_json::{Number, Value};

/// How deeply selections and lists may be nested.
const DEEPEST: usize = 32;

/// How many tokens a query may have. It bounds the chain of fragments too, hence the stack.
const LONGEST: usize = 4000;

#[derive(Default)]
pub(super) struct Document {
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: HashMap<String, Vec<Selection>>,
}

pub(super) struct Operation {
    pub(super) name: Option<String>,
    pub(super) variables: Vec<Variable>,
    pub(super) selections: Vec<Selection>,
}

pub(super) struct Variable {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) default: Option<Input>,
}

pub(super) enum Selection {
    Field {
        alias: Option<String>,
        name: String,
        arguments: Vec<(String, Input)>,
        inner: Vec<Selection>,
    },
    Spread(String),
    /// An inline fragment. The schema has no interfaces, so its type condition decides nothing.
    Inline(Vec<Selection>),
}

pub(super) enum Input {
    Constant(Value),
    Variable(String),
    List(Vec<Input>),
}

/// Reads a document; the error is a sentence for its author.
pub(super) fn document(text: &str) -> Result<Document, String> {
    let mut reader = Reader { tokens: tokens(text)?, next: 0 };
    let mut document = Document::default();
    while let Some(token) = reader.peek() {
        match token {
            Token::Mark('{') => document.operations.push(Operation {
                name: None,
                variables: Vec::new(),
                selections: reader.selections(0)?,
            }),
            Token::Name(word) if word == "query" => {
                reader.next += 1;
                document.operations.push(reader.operation()?);
            }
            Token::Name(word) if word == "fragment" => {
                reader.next += 1;
                let name = reader.name()?;
                reader.type_condition()?;
                let selections = reader.selections(0)?;
                document.fragments.insert(name, selections);
            }
            Token::Name(word) => return Err(format!("only queries are answered, not \"{word}\"")),
            _ => return Err(reader.unexpected()),
        }
    }
    Ok(document)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(Number),
    /// One character of punctuation; `…` stands for the three dots of a spread.
    Mark(char),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            ' ' | '\t' | '\r' | '\n' | ',' => (None, 1),
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '$' | '=' | '!' | '@' => {
                (Some(Token::Mark(first)), 1)
            }
            '.' if rest.starts_with("...") => (Some(Token::Mark('…')), 3),
            '"' => {
                let length = text_length(rest)?;
                // Escapes are those of JSON.
                let text = serde_json::from_str(&rest[..length])
                    .map_err(|error| format!("a string cannot be read: {error}"))?;
                (Some(Token::Text(text)), length)
            }
            '-' | '0'..='9' => {
                let inside =
                    |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
                let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                let number = serde_json::from_str(&rest[..length])
                    .map_err(|_| format!("\"{}\" is no number", &rest[..length]))?;
                (Some(Token::Number(number)), length)
            }
            '_' | 'a'..='z' | 'A'..='Z' => {
                let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                (Some(Token::Name(rest[..length].to_owned())), length)
            }
            other => return Err(format!("\"{other}\" does not belong in a query")),
        };
        tokens.extend(token);
        if tokens.len() > LONGEST {
            return Err("the query is too long".into());
        }
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// The length of the string that begins here, its quotes included.
fn text_length(rest: &str) -> Result<usize, String> {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return Ok(at + 1),
            '\n' => break,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    Err("a string has no end".into())
}

struct Reader {
    tokens: Vec<Token>,
    next: usize,
}

impl Reader {
    /// After the word `query`.
    fn operation(&mut self) -> Result<Operation, String> {
        let name = if let Some(Token::Name(_)) = self.peek() { Some(self.name()?) } else { None };
        let mut variables = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                variables.push(self.variable()?);
            }
        }
        Ok(Operation { name, variables, selections: self.selections(0)? })
    }

    fn variable(&mut self) -> Result<Variable, String> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let required = self.type_name(0)?;
        let default = if self.eat('=') { Some(self.input(0)?) } else { None };
        Ok(Variable { name, required, default })
    }

    /// Skips a type and says whether it ends in `!`. Values are checked against the schema's own types.
    fn type_name(&mut self, depth: usize) -> Result<bool, String> {
        within(depth)?;
        if self.eat('[') {
            self.type_name(depth + 1)?;
            self.expect(']')?;
        } else {
            self.name()?;
        }
        Ok(self.eat('!'))
    }

    fn type_condition(&mut self) -> Result<(), String> {
        match self.name()?.as_str() {
            "on" => self.name().map(drop),
            word => Err(format!("\"on\" and a type are expected, not \"{word}\"")),
        }
    }

    fn selections(&mut self, depth: usize) -> Result<Vec<Selection>, String> {
        within(depth)?;
        self.expect('{')?;
        let mut selections = Vec::new();
        while !self.eat('}') {
            selections.push(self.selection(depth)?);
        }
        Ok(selections)
    }

    fn selection(&mut self, depth: usize) -> Result<Selection, String> {
        if self.eat('…') {
            return match self.peek() {
                Some(Token::Name(word)) if word == "on" => {
                    self.type_condition()?;
                    Ok(Selection::Inline(self.selections(depth + 1)?))
                }
                Some(Token::Name(_)) => Ok(Selection::Spread(self.name()?)),
                _ => Ok(Selection::Inline(self.selections(depth + 1)?)),
            };
        }
        let mut name = self.name()?;
        let mut alias = None;
        if self.eat(':') {
            alias = Some(std::mem::replace(&mut name, self.name()?));
        }
        let mut arguments = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                let argument = self.name()?;
                self.expect(':')?;
                arguments.push((argument, self.input(depth)?));
            }
        }
        let opens = self.peek() == Some(&Token::Mark('{'));
        let inner = if opens { self.selections(depth + 1)? } else { Vec::new() };
        Ok(Selection::Field { alias, name, arguments, inner })
    }

    fn input(&mut self, depth: usize) -> Result<Input, String> {
        within(depth)?;
        if self.eat('$') {
            return self.name().map(Input::Variable);
        }
        if self.eat('[') {
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.input(depth + 1)?);
            }
            return Ok(Input::List(items));
        }
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::from(text.as_str()),
            Some(Token::Number(number)) => Value::Number(number.clone()),
            Some(Token::Name(word)) => match word.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                _ => return Err(self.unexpected()),
            },
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(Input::Constant(value))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn eat(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.eat(mark) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            None => "the query ends too early".into(),
            Some(Token::Mark('@')) => "directives are not known here".into(),
            Some(Token::Mark(mark)) => format!("\"{mark}\" is not expected here"),
            Some(Token::Name(word)) => format!("\"{word}\" is not expected here"),
            Some(Token::Text(text)) => format!("the string \"{text}\" is not expected here"),
            Some(Token::Number(number)) => format!("{number} is not expected here"),
        }
    }
}

fn within(depth: usize) -> Result<(), String> {
    if depth < DEEPEST { Ok(()) } else { Err("the query is nested too deeply".into()) }
}
