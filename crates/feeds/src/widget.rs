//! What shows a feed: the widget, and each place it was put with options of its own.

use kernel::{Timestamp, WidgetConfigId, WidgetId};
use serde_json::{Map, Value};

/// A kind of display, named by a slug.
#[derive(Clone, Debug)]
pub struct Widget {
    /// Its id.
    pub id: WidgetId,
    /// Its name in paths.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One placed widget.
#[derive(Clone, Debug)]
pub struct WidgetConfig {
    /// Its id.
    pub id: WidgetConfigId,
    /// Which widget.
    pub widget: WidgetId,
    /// Its slug.
    pub widget_slug: String,
    /// What people call it.
    pub name: String,
    /// What templates see as `{{config.…}}`.
    pub options: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
