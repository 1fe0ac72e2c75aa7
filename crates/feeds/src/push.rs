//! A push on its way into a document: which settings hold for a feed, and what its body says.

use catalog::{Format, decode};
use connect::{Integration, PushConfig};
use db::{DbError, Inbound, Tx, Workspace};
use kernel::{Problem, WorkspaceId};
use serde_json::{Map, Value, json};

use crate::Feeds;
use crate::document::Apply;
use crate::feed::{Feed, overlay};
use crate::transform::Transform;

/// How pushes change a feed's document.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) apply: Apply,
    pub(crate) keep: u32,
    pub(crate) ignore: Vec<String>,
    pub(crate) max_bytes: u64,
    pub(crate) transform: Option<Transform>,
    /// The form field that holds the payload as JSON, for senders that do that.
    pub(crate) form_field: Option<String>,
}

/// How many versions are kept when nobody says.
pub(crate) const KEEP: u32 = 10;
/// How large a document may be when nobody says.
pub(crate) const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// How many entries an appended list has when nobody says.
const KEEP_LAST: usize = 100;

impl Feeds {
    pub(crate) async fn push_settings(
        &self,
        workspace: &Workspace,
        feed: &Feed,
    ) -> Result<Settings, DbError> {
        let integration = self.connect().integration(workspace, feed.integration).await?;
        Ok(settings(integration.as_deref(), feed))
    }
}

/// Tells of pushes that could not be applied: once for all that one run found, with the last of them and
/// what is wrong with it.
pub(crate) async fn tell_failed(
    tx: &mut Tx,
    workspace: WorkspaceId,
    feed: &Feed,
    failed: &[(&Inbound, String)],
) -> Result<(), DbError> {
    let Some((last, error)) = failed.last() else { return Ok(()) };
    let data = json!({
        "name": feed.name,
        "inbound_id": last.id,
        "message": error,
        "pushes": failed.len(),
    });
    tx.emit(workspace, "feed.push_failed", feed.id, data).await
}

/// The effective configuration of a feed's pushes: its own over its integration's.
pub(crate) fn effective(integration: &Integration, feed: &Feed) -> Map<String, Value> {
    overlay(integration.push.to_map(), feed.push.as_ref())
}

fn settings(integration: Option<&Integration>, feed: &Feed) -> Settings {
    let config = integration.map(|integration| effective(integration, feed)).unwrap_or_default();
    // What cannot be read was refused when it was set; a provider that changed since falls back.
    let config = PushConfig::from_map(config).unwrap_or_default();
    let keep_last = config.keep_last.map_or(KEEP_LAST, |most| most as usize);
    let provider = integration.map(|integration| &integration.provider_def);
    Settings {
        apply: match config.apply.unwrap_or(connect::Apply::Replace) {
            connect::Apply::Replace => Apply::Replace,
            connect::Apply::Merge => Apply::Merge,
            connect::Apply::Append => Apply::Append { keep_last },
        },
        keep: config.keep.unwrap_or(KEEP),
        ignore: Vec::new(),
        max_bytes: MAX_BYTES,
        transform: config.transform.and_then(|program| Transform::compile(&program).ok()),
        form_field: provider.and_then(|known| known.push.as_ref()?.form_json_field.clone()),
    }
}

/// The JSON that a body says: JSON, a form, or XML, by its content type.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub(crate) fn payload(
    content_type: &str,
    body: &[u8],
    settings: &Settings,
) -> Result<Value, String> {
    let mut payload =
        decode::decode(body, Some(content_type), Format::Auto, &decode::Options::default())
            .map_err(|error| error.to_string())?;
    if let Some(text) = settings.form_field.as_ref().and_then(|field| payload.get(field)?.as_str())
        && let Ok(inner) = serde_json::from_str(text)
    {
        payload = inner;
    }
    match &settings.transform {
        Some(transform) => transform.run(payload).map_err(|problem: Problem| problem.detail),
        None => Ok(payload),
    }
}
