//! The two older forms of an integration, as their descriptions print them: the data source with a
//! configuration of any shape, and the integration of a widget. What they say is kept and shown as it
//! was said; underneath they are integrations like all others.

mod data_source;
mod widget_integration;

pub use data_source::data_source_view;
pub use widget_integration::widget_integration_view;
