//! The schema, as data.

/// What a field holds.
pub(super) enum Shape {
    Scalar,
    Object(&'static Type),
    List(&'static Type),
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) argument: Option<Argument>,
}

/// The one argument that a field may have.
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `String!`
    Text,
    /// `[String!]`, which may be left out.
    Texts,
}

pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

impl Type {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        if name == "__typename" {
            Some(&TYPENAME)
        } else {
            self.fields.iter().find(|field| field.name == name)
        }
    }
}

pub(super) static QUERY: Type = Type {
    name: "Query",
    fields: &[
        with("stock", Shape::Object(&STOCK), "symbol", Kind::Text),
        with("stocks", Shape::List(&STOCK), "symbols", Kind::Texts),
        plain("portfolio", Shape::Object(&PORTFOLIO)),
    ],
};

static PORTFOLIO: Type = Type {
    name: "Portfolio",
    fields: &[
        plain("owner", Shape::Scalar),
        plain("currency", Shape::Scalar),
        plain("value", Shape::Scalar),
        plain("change", Shape::Scalar),
        plain("updatedAt", Shape::Scalar),
        plain("positions", Shape::List(&POSITION)),
    ],
};

static POSITION: Type = Type {
    name: "Position",
    fields: &[
        plain("quantity", Shape::Scalar),
        plain("value", Shape::Scalar),
        plain("stock", Shape::Object(&STOCK)),
    ],
};

static STOCK: Type = Type {
    name: "Stock",
    fields: &[
        plain("symbol", Shape::Scalar),
        plain("name", Shape::Scalar),
        plain("price", Shape::Scalar),
        plain("change", Shape::Scalar),
        plain("changePercent", Shape::Scalar),
        plain("currency", Shape::Scalar),
        plain("updatedAt", Shape::Scalar),
    ],
};

static TYPENAME: Field = plain("__typename", Shape::Scalar);

const fn plain(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, argument: None }
}

const fn with(name: &'static str, shape: Shape, argument: &'static str, kind: Kind) -> Field {
    Field { name, shape, argument: Some(Argument { name: argument, kind }) }
}
