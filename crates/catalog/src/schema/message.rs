//! What a person is told about a value that does not fit its schema.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use kernel::FieldError;
use serde_json::Value;

/// One complaint for each field that an error is about.
pub(super) fn fields(error: &ValidationError<'_>) -> Vec<FieldError> {
    let at = error.instance_path().as_str();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        Kind::Required { property } => vec![FieldError {
            pointer: below(property.as_str().unwrap_or_default()),
            message: "is required".to_owned(),
        }],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .map(|name| FieldError {
                    pointer: below(name),
                    message: "is not a field that is known here".to_owned(),
                })
                .collect()
        }
        _ => vec![FieldError { pointer: at.to_owned(), message: of(error) }],
    }
}

/// The complaint itself. It never repeats the value, which may be a secret.
pub(super) fn of(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Type { kind: TypeKind::Single(one) } => {
            format!("must be {}", article(&one.to_string()))
        }
        Kind::Type { kind: TypeKind::Multiple(many) } => {
            let names: Vec<String> = many.iter().map(|one| article(&one.to_string())).collect();
            format!("must be {}", names.join(" or "))
        }
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let shown: Vec<String> = options.iter().take(20).map(Value::to_string).collect();
            format!("must be one of {}", shown.join(", "))
        }
        Kind::Constant { expected_value } => format!("must be {expected_value}"),
        Kind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        Kind::MinLength { limit } => format!("must be at least {limit} characters long"),
        Kind::MaxLength { limit } => format!("must be at most {limit} characters long"),
        Kind::Minimum { limit } => format!("must be {limit} or more"),
        Kind::Maximum { limit } => format!("must be {limit} or less"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields"),
        Kind::UniqueItems => "must not hold the same item twice".to_owned(),
        Kind::Format { format } => format!("must be {}", article(format)),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        Kind::FalseSchema => "must not be there".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "fits none of the forms that are allowed here".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => "fits more than one form; say which".to_owned(),
        Kind::Not { .. } => "has a form that is not allowed here".to_owned(),
        Kind::Required { property } => format!("lacks the field {property}"),
        Kind::AdditionalProperties { unexpected } => {
            format!("has fields that are not known here: {}", unexpected.join(", "))
        }
        Kind::PropertyNames { .. } => "has a field whose name is not allowed".to_owned(),
        Kind::Referencing(_) => "refers to something that is not there".to_owned(),
        _ => "does not fit the schema".to_owned(),
    }
}

fn article(name: &str) -> String {
    match name {
        "string" => "a text".to_owned(),
        "object" => "an object".to_owned(),
        "array" => "a list".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "null".to_owned(),
        "uri" => "an absolute URL".to_owned(),
        "email" => "an e-mail address".to_owned(),
        "date-time" => "a time such as 2026-01-31T12:00:00Z".to_owned(),
        other => format!("a {other}"),
    }
}
