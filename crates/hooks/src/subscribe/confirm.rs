//! A hub makes sure that its subscriber meant it (W3C WebSub, 5.3): it asks the address of a subscription,
//! names the topic, and for how long it will push.

use catalog::push::{Source, Way};
use db::Workspace;
use kernel::{Problem, SubscriptionId, codes};
use std::time::Duration;

use super::outcome::schedule;
use super::{State, Subscription};
use crate::verify::{Request, read};
use crate::{Hooks, store};

/// Longer ones are no challenges.
const LONGEST: usize = 1024;
/// A hub that asks later than this after we did asks for somebody else.
const RECENTLY: Duration = Duration::from_secs(86_400);
/// The lease of a hub that names none, which it has to.
const UNSAID: u64 = 86_400;
/// No lease is believed to be longer: a year.
const LONGEST_LEASE: u64 = 31_536_000;

impl Hooks {
    /// What the hub wants to hear; `None` when it is no such question.
    pub(crate) async fn confirm(
        &self,
        workspace: &Workspace,
        service: &str,
        way: &Way,
        id: SubscriptionId,
        request: &Request<'_>,
    ) -> Result<Option<String>, Problem> {
        let Some(mode) = said(request, "hub.mode").filter(|_| request.method == "GET") else {
            return Ok(None);
        };
        let refused = |why: &str| Problem::new(&codes::HANDSHAKE_FAILED, why);
        let mut tx = workspace.write().await?;
        let now = tx.now();
        let asked = |it: &Subscription| it.asked_at.is_some_and(|at| now.since(at) < RECENTLY);
        let held = store::subscriptions::held(&mut tx, workspace.id(), id).await?;
        let held = held.filter(|it| it.state != State::Off && asked(it));
        let Some(mut it) = held.filter(|it| said(request, "hub.topic").as_ref() == Some(&it.topic))
        else {
            return Err(refused("Nobody here asked for this subscription."));
        };
        let challenge = said(request, "hub.challenge").filter(|it| it.len() <= LONGEST);
        match (mode.as_str(), challenge) {
            ("subscribe", Some(challenge)) => {
                let lease = said(request, "hub.lease_seconds").and_then(|secs| secs.parse().ok());
                let lease = lease.unwrap_or(UNSAID).clamp(1, LONGEST_LEASE);
                let (known, end) = (it.known.clone(), now.plus(Duration::from_secs(lease)));
                self.hold(&mut tx, &mut it, way, known, Some(end)).await?;
                schedule(&mut tx, &it).await?;
                tx.commit().await?;
                Ok(Some(challenge))
            }
            ("denied", _) => {
                let why = said(request, "hub.reason").unwrap_or_default();
                let why: String = why.chars().take(200).collect();
                let problem = Problem::new(
                    &codes::SUBSCRIPTION_REFUSED,
                    format!("The hub denied the subscription. {why}"),
                );
                self.note_failure(&mut tx, &mut it, service, way, &problem).await?;
                schedule(&mut tx, &it).await?;
                tx.commit().await?;
                Ok(Some(String::new()))
            }
            _ => Err(refused("The subscription is wanted.")),
        }
    }
}

/// What a hub wants to hear of an address that is none, or none any more: whoever it pushes for, nobody here
/// wants it.
pub(crate) fn agree_to_end(request: &Request<'_>) -> Option<String> {
    let ends = request.method == "GET"
        && said(request, "hub.mode").is_some_and(|mode| mode == "unsubscribe");
    said(request, "hub.challenge").filter(|it| ends && it.len() <= LONGEST)
}

fn said(request: &Request<'_>, name: &str) -> Option<String> {
    read(&[Source::Query(name.to_owned())], request, None)
}
