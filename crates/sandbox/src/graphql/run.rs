//! Answers a parsed query: checks all of it against the schema, then resolves the fields at its root
//! and cuts from each what was selected (October 2021, sections 5 and 6).

use serde_json::{Map, Value, json};

use super::Exchange;
use super::parse::{Document, Input, Operation, Selection};
use super::schema::{Field, Kind, QUERY, Shape, Type};

/// The response (`data`, and `errors` where a field failed), or why the query cannot be run.
pub(super) fn run(
    exchange: &Exchange,
    document: &Document,
    operation: Option<&str>,
    given: &Map<String, Value>,
) -> Result<Value, String> {
    let operation = choose(document, operation)?;
    let query = Query { document, variables: variables(operation, given)? };
    let roots = query.collect(&QUERY, &[&operation.selections])?;
    query.check(&roots)?;

    let (mut data, mut errors) = (Map::new(), Vec::new());
    for root in roots {
        let value = match root.field.name {
            "stock" => {
                let symbol = query.text(&root)?;
                exchange.stock(&symbol).unwrap_or_else(|| {
                    let message = format!("the symbol \"{symbol}\" is not listed");
                    errors.push(json!({"message": message, "path": [root.key]}));
                    Value::Null
                })
            }
            "stocks" => exchange.stocks(query.texts(&root)?),
            "portfolio" => exchange.portfolio(),
            _ => QUERY.name.into(),
        };
        data.insert(root.key.to_owned(), query.cut(&root, value)?);
    }
    let mut answer = json!({"data": data});
    if !errors.is_empty() {
        answer["errors"] = errors.into();
    }
    Ok(answer)
}

fn choose<'a>(document: &'a Document, name: Option<&str>) -> Result<&'a Operation, String> {
    match (name, document.operations.as_slice()) {
        (_, []) => Err("there is no operation in the query".into()),
        (None, [only]) => Ok(only),
        (None, _) => Err("name one of the operations with operationName".into()),
        (Some(name), all) => all
            .iter()
            .find(|operation| operation.name.as_deref() == Some(name))
            .ok_or_else(|| format!("there is no operation \"{name}\"")),
    }
}

/// The variables that the operation declares, with their defaults; what else was given is ignored.
fn variables(
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for variable in &operation.variables {
        let value = match (given.get(&variable.name), &variable.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => constant(default, &Map::new())?,
            (None, None) => Value::Null,
        };
        if variable.required && value.is_null() {
            return Err(format!("the variable ${} has no value", variable.name));
        }
        values.insert(variable.name.clone(), value);
    }
    Ok(values)
}

fn constant(input: &Input, variables: &Map<String, Value>) -> Result<Value, String> {
    match input {
        Input::Constant(value) => Ok(value.clone()),
        Input::Variable(name) => {
            let undeclared = || format!("the variable ${name} is not declared");
            variables.get(name).cloned().ok_or_else(undeclared)
        }
        Input::List(items) => items.iter().map(|item| constant(item, variables)).collect(),
    }
}

struct Query<'a> {
    document: &'a Document,
    variables: Map<String, Value>,
}

/// A field of the response: all selections of the same key taken together.
struct Collected<'a> {
    key: &'a str,
    parent: &'static Type,
    field: &'static Field,
    arguments: &'a [(String, Input)],
    inner: Vec<&'a [Selection]>,
}

impl<'a> Query<'a> {
    fn collect(
        &self,
        parent: &'static Type,
        sets: &[&'a [Selection]],
    ) -> Result<Vec<Collected<'a>>, String> {
        let (mut fields, mut seen) = (Vec::new(), Vec::new());
        for set in sets {
            self.collect_into(parent, set, &mut fields, &mut seen)?;
        }
        Ok(fields)
    }

    /// A fragment counts once in a set (`seen`), so that one which spreads itself comes to an end.
    fn collect_into(
        &self,
        parent: &'static Type,
        set: &'a [Selection],
        fields: &mut Vec<Collected<'a>>,
        seen: &mut Vec<&'a str>,
    ) -> Result<(), String> {
        for selection in set {
            match selection {
                Selection::Spread(name) if seen.contains(&name.as_str()) => {}
                Selection::Spread(name) => {
                    seen.push(name);
                    let undefined = || format!("the fragment \"{name}\" is not defined");
                    let inner = self.document.fragments.get(name).ok_or_else(undefined)?;
                    self.collect_into(parent, inner, fields, seen)?;
                }
                Selection::Inline(inner) => self.collect_into(parent, inner, fields, seen)?,
                Selection::Field { alias, name, arguments, inner } => {
                    let key = alias.as_ref().unwrap_or(name);
                    let unknown = || format!("{} has no field \"{name}\"", parent.name);
                    let field = parent.field(name).ok_or_else(unknown)?;
                    match fields.iter_mut().find(|known| known.key == key) {
                        Some(known) if known.field.name != field.name => {
                            return Err(format!("\"{key}\" stands for two different fields"));
                        }
                        Some(known) => known.inner.push(inner),
                        None => {
                            let inner = vec![inner.as_slice()];
                            fields.push(Collected { key, parent, field, arguments, inner });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn check(&self, fields: &[Collected<'a>]) -> Result<(), String> {
        for collected in fields {
            let name = collected.field.name;
            let selects = collected.inner.iter().any(|set| !set.is_empty());
            match collected.field.shape {
                Shape::Scalar if selects => {
                    return Err(format!("\"{name}\" has no fields to select"));
                }
                Shape::Scalar => {}
                Shape::Object(_) | Shape::List(_) if !selects => {
                    return Err(format!("\"{name}\" needs a selection of fields"));
                }
                Shape::Object(inner) | Shape::List(inner) => {
                    self.check(&self.collect(inner, &collected.inner)?)?;
                }
            }
            let known = collected.field.argument.as_ref();
            for (argument, _) in collected.arguments {
                if known.is_none_or(|known| known.name != argument) {
                    return Err(format!("\"{name}\" has no argument \"{argument}\""));
                }
            }
            match known.map(|known| known.kind) {
                Some(Kind::Text) => self.text(collected).map(drop)?,
                Some(Kind::Texts) => self.texts(collected).map(drop)?,
                None => {}
            }
        }
        Ok(())
    }

    /// The field's argument where it is a `String!`.
    fn text(&self, collected: &Collected<'a>) -> Result<String, String> {
        let field = collected.field.name;
        match self.argument(collected)? {
            Some((_, Value::String(text))) => Ok(text),
            Some((name, Value::Null)) => Err(format!("\"{field}\" needs the argument \"{name}\"")),
            Some((name, _)) => Err(format!("the argument \"{name}\" is to be a String")),
            None => Err(format!("\"{field}\" has no argument")),
        }
    }

    /// The field's argument where it is a `[String!]`. One string is a list of one (section 3.11).
    fn texts(&self, collected: &Collected<'a>) -> Result<Option<Vec<String>>, String> {
        match self.argument(collected)? {
            None | Some((_, Value::Null)) => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(vec![text])),
            Some((name, value)) => match serde_json::from_value::<Vec<String>>(value) {
                Ok(texts) if texts.len() <= 100 => Ok(Some(texts)),
                Ok(_) => Err(format!("the argument \"{name}\" has at most 100 items")),
                Err(_) => Err(format!("the argument \"{name}\" is to be a list of String")),
            },
        }
    }

    /// The argument that the schema knows, with its value; null when it was not given.
    fn argument(&self, collected: &Collected<'a>) -> Result<Option<(&'static str, Value)>, String> {
        let Some(known) = &collected.field.argument else { return Ok(None) };
        let given = collected.arguments.iter().find(|(name, _)| name == known.name);
        let value = given.map_or(Ok(Value::Null), |(_, input)| constant(input, &self.variables))?;
        Ok(Some((known.name, value)))
    }

    /// What was selected of the value.
    fn cut(&self, collected: &Collected<'a>, value: Value) -> Result<Value, String> {
        let inner = match collected.field.shape {
            Shape::Scalar => return Ok(value),
            Shape::Object(inner) | Shape::List(inner) => inner,
        };
        match value {
            Value::Array(items) => {
                items.into_iter().map(|item| self.cut(collected, item)).collect()
            }
            Value::Object(whole) => {
                let mut part = Map::new();
                for field in self.collect(inner, &collected.inner)? {
                    let value = match field.field.name {
                        "__typename" => field.parent.name.into(),
                        name => whole.get(name).cloned().unwrap_or_default(),
                    };
                    part.insert(field.key.to_owned(), self.cut(&field, value)?);
                }
                Ok(Value::Object(part))
            }
            other => Ok(other),
        }
    }
}
