//! One address made ready for pushes: keys scheduled, lists parsed, so that a push costs its check and
//! nothing else.

use catalog::push::{Check, Push, Way};
use connect::{CredentialScope, Credentials, Integration};
use db::Workspace;
use http::HeaderName;
use kernel::{
    CredentialId, NewJob, Secret, SubscriptionId, Timestamp, WidgetConfigId, WorkspaceId,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::envelope::kept_headers;
use crate::failures::Failures;
use crate::rules::Rules;
use crate::verify::Verifier;
use crate::{Destination, JobTemplate};

/// What an address does with pushes.
pub(crate) struct Endpoint {
    pub(crate) workspace: Workspace,
    pub(crate) integration: Arc<Integration>,
    pub(crate) destination: Destination,
    pub(crate) push: Arc<Push>,
    /// What was subscribed to, at the address of a subscription.
    pub(crate) subscribed: Option<Subscribed>,
    /// How pushes are checked, or why none can be.
    pub(crate) ready: Result<Ready, String>,
    pub(crate) failures: Failures,
    /// Where its secrets are stored, if they are.
    pub(crate) credential: Option<CredentialId>,
    secrets: BTreeMap<String, Secret<String>>,
    /// How often something that it was made of may have changed, and how many of these turned out well.
    doubts: AtomicU64,
    settled: AtomicU64,
    /// When the last job was due, in microseconds.
    due: AtomicI64,
}

/// The time between two jobs. Readers hardly notice it, and a storm of pushes is spared the commits.
const GATHER: Duration = Duration::from_millis(20);

/// Settings and keys.
pub(crate) struct Ready {
    pub(crate) rules: Rules,
    /// `None` only where the check was switched off in so many words.
    pub(crate) verifier: Option<Verifier>,
    pub(crate) kept: Vec<HeaderName>,
}

/// What an endpoint is made of, but for its secrets.
pub(crate) struct Parts {
    pub(crate) workspace: Workspace,
    pub(crate) integration: Arc<Integration>,
    pub(crate) destination: Destination,
    pub(crate) push: Arc<Push>,
    pub(crate) subscribed: Option<Subscribed>,
}

/// What was subscribed to.
#[derive(Clone)]
pub(crate) struct Subscribed {
    pub(crate) id: SubscriptionId,
    pub(crate) way: Way,
    /// What its pushes are known by.
    pub(crate) secret: Secret<String>,
}

impl Parts {
    /// The settings of its pushes. How those of a subscription prove themselves was agreed upon when it was
    /// asked for.
    pub(crate) fn rules(&self) -> Result<Rules, String> {
        let settings = &self.destination.push;
        let Some(subscribed) = &self.subscribed else { return Rules::read(&self.push, settings) };
        let mut settings = settings.clone();
        Check::fields().for_each(|field| drop(settings.remove(field)));
        if let Some(scheme) = &subscribed.way.scheme {
            settings.insert("scheme".to_owned(), json!(scheme));
        }
        Rules::read(&self.push, &settings)
    }

    /// Whether there is a secret to be read at all.
    pub(crate) fn needs_secrets(&self, rules: &Result<Rules, String>) -> bool {
        let checks = rules.as_ref().is_ok_and(|rules| rules.check.signature.is_some());
        let handshakes = &self.push.handshakes;
        let shakes = handshakes.iter().any(|it| it.secret_field.is_some() || it.token.is_some());
        self.integration.enabled && (checks || shakes)
    }
}

impl Endpoint {
    pub(crate) fn new(
        parts: Parts,
        rules: Result<Rules, String>,
        credentials: &Credentials,
    ) -> Self {
        let Parts { workspace, integration, destination, push, subscribed } = parts;
        let secret = |text: &str| Secret::new(text.to_owned());
        let own = |field: &str| {
            let subscribed = subscribed.as_ref()?;
            let stands_for_it = subscribed.way.secret_for.iter().any(|known| known == field);
            stands_for_it.then(|| subscribed.secret.clone())
        };
        let ready = rules.map(|rules| {
            let signature = rules.check.signature.as_ref();
            let fields = &rules.check.secret_fields;
            let stored = || credentials.first(fields).map(secret);
            let held = fields.iter().find_map(|field| own(field)).or_else(stored);
            let held: Vec<_> = held.into_iter().collect();
            Ready {
                verifier: signature.map(|spec| Verifier::new(spec, &held)),
                kept: kept_headers(&push, &rules.event_id, signature),
                rules,
            }
        });
        let named = push.credential_fields().into_iter();
        let filled = named.filter_map(|field| {
            let stored = || credentials.text(field).filter(|text| !text.is_empty()).map(secret);
            Some((field.to_owned(), own(field).or_else(stored)?))
        });
        let secrets = filled.collect();
        Self {
            secrets,
            subscribed,
            credential: credentials.id,
            doubts: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            due: AtomicI64::new(0),
            failures: Failures::default(),
            workspace,
            integration,
            destination,
            push,
            ready,
        }
    }

    /// The value of a credential field, if it is filled.
    pub(crate) fn secret(&self, field: &str) -> Option<Secret<String>> {
        self.secrets.get(field).cloned()
    }

    /// The widget config that owns its credentials, where widgets do.
    pub(crate) fn widget_config(&self) -> Option<WidgetConfigId> {
        let of_widgets = self.integration.credential_scope == CredentialScope::Widget;
        self.destination.widget_config.filter(|_| of_widgets)
    }

    /// Whether pushes can prove themselves.
    pub(crate) fn has_secret(&self) -> bool {
        let fields = self.ready.as_ref().map(|ready| &ready.rules.check.secret_fields);
        fields.is_ok_and(|fields| fields.iter().any(|field| self.secrets.contains_key(field)))
    }

    /// What is to be done with a push that arrived at `now`: at once, or together with others if pushes
    /// come thick and fast.
    pub(crate) fn job(&self, now: Timestamp) -> Option<NewJob> {
        let JobTemplate { kind, key, payload } = self.destination.job.as_ref()?;
        let last = Timestamp::from_micros(self.due.load(Ordering::Relaxed));
        let due = if last > now { last } else { now.max(last.plus(GATHER)) };
        self.due.store(due.micros(), Ordering::Relaxed);
        Some(NewJob { kind: *kind, key: key.clone(), run_at: due, payload: payload.clone() })
    }

    /// Whether a change of this credential concerns it. One of the network concerns every workspace.
    pub(crate) fn depends_on(&self, workspace: WorkspaceId, credential: &str) -> bool {
        self.workspace.id() == workspace
            || self.integration.credential_scope == CredentialScope::Network
            || self.credential.is_some_and(|id| id.to_string() == credential)
    }

    /// Whether it would come out the same if it were made of these.
    pub(crate) fn fits(&self, parts: &Parts) -> bool {
        let (known, new) = (&self.integration, &parts.integration);
        self.destination == parts.destination
            && known.enabled == new.enabled
            && known.provider == new.provider
            && known.credential_scope == new.credential_scope
            && self.subscribed.as_ref().map(|it| it.id) == parts.subscribed.as_ref().map(|it| it.id)
    }

    /// Whether it must be looked at before it is used again.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubts() != self.settled.load(Ordering::Acquire)
    }

    /// To be read before it is looked at.
    pub(crate) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Acquire)
    }

    pub(crate) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// It was looked at after these doubts, and is as it should be.
    pub(crate) fn settle(&self, doubts: u64) {
        self.settled.store(doubts, Ordering::Release);
    }
}
