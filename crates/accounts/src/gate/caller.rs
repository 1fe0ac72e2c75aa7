//! What a route asks of its caller, as a type in the handler's signature: a route cannot forget to ask,
//! and is refused before a byte of the body is read.

use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{Problem, Scope, codes};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::{Failure, Identity};
use crate::Role;
use crate::sessions::SessionEntry;

/// What a route needs.
pub trait Needs: Send + Sync + 'static {
    /// A scope.
    const SCOPE: Option<Scope> = None;
    /// A role; programs need `admin:full` in its place.
    const ROLE: Option<Role> = None;
}

/// A caller who has what `N` says.
#[derive(Debug)]
pub struct Caller<N: Needs> {
    /// Who.
    pub identity: Arc<Identity>,
    needs: PhantomData<N>,
}

impl<N: Needs> Deref for Caller<N> {
    type Target = Identity;
    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<N: Needs, S: Sync> FromRequestParts<S> for Caller<N> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let identity = match parts.extensions.get::<Result<Arc<Identity>, Problem>>() {
            Some(Ok(identity)) => identity.clone(),
            Some(Err(problem)) => return Err(problem.clone().into()),
            None => return Err(unauthenticated().into()),
        };
        check::<N>(&identity)?;
        Ok(Self { identity, needs: PhantomData })
    }
}

/// A person who is signed in, whether or not they belong to a workspace.
pub(crate) struct Login(pub(crate) Arc<SessionEntry>);

impl<S: Sync> FromRequestParts<S> for Login {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        if let Some(session) = parts.extensions.get::<Arc<SessionEntry>>() {
            return Ok(Self(session.clone()));
        }
        match parts.extensions.get::<Result<Arc<Identity>, Problem>>() {
            Some(Err(problem)) => Err(problem.clone().into()),
            _ => {
                Err(Problem::new(&codes::UNAUTHENTICATED, "Sign in; a key has no session.").into())
            }
        }
    }
}

/// What is answered to a request without a valid key, token or session.
pub(crate) fn unauthenticated() -> Problem {
    Problem::new(
        &codes::UNAUTHENTICATED,
        "Send an API key as \"Authorization: Bearer sk_…\", or sign in.",
    )
}

fn check<N: Needs>(identity: &Identity) -> Result<(), Problem> {
    if let Some(role) = N::ROLE {
        match identity.role {
            Some(has) if has < role => return Err(missing_role(role, has)),
            None if !identity.scopes.allows(Scope::AdminFull) => {
                return Err(missing_scope(Scope::AdminFull));
            }
            _ => {}
        }
    }
    match (N::SCOPE, identity.role) {
        (Some(scope), _) if identity.scopes.allows(scope) => Ok(()),
        (Some(scope), None) => Err(missing_scope(scope)),
        (Some(scope), Some(role)) => Err(Problem::new(
            &codes::MISSING_ROLE,
            format!("The role {role} does not include {scope}; ask an admin of the workspace."),
        )),
        (None, _) => Ok(()),
    }
}

pub(crate) fn missing_scope(scope: Scope) -> Problem {
    let detail = format!("The key needs the scope {scope}; make one that has it.");
    Problem::new(&codes::MISSING_SCOPE, detail)
}

fn missing_role(needed: Role, has: Role) -> Problem {
    let detail = format!("This needs the role {needed}; yours is {has}.");
    Problem::new(&codes::MISSING_ROLE, detail)
}

/// What routes can need, one type each.
pub mod may {
    use super::{Needs, Role, Scope};

    /// To be known, no more.
    #[derive(Debug)]
    pub struct Any;
    impl Needs for Any {}

    macro_rules! roles {
        ($($name:ident)*) => {$(
            #[doc = concat!("The role ", stringify!($name), " or a higher one; a key with `admin:full`.")]
            #[derive(Debug)]
            pub struct $name;
            impl Needs for $name {
                const ROLE: Option<Role> = Some(Role::$name);
            }
        )*};
    }
    roles! { Viewer Editor Admin Owner }

    macro_rules! scopes {
        ($($name:ident)*) => {$(
            #[doc = concat!("The scope ", stringify!($name), ".")]
            #[derive(Debug)]
            pub struct $name;
            impl Needs for $name {
                const SCOPE: Option<Scope> = Some(Scope::$name);
            }
        )*};
    }
    scopes! {
        ReportsRead ReportsWrite ReportsExecute ReportsExport ReportsSchedule ContactsRead
        ContactsWrite TicketsRead TicketsWrite TicketsComment TicketsResolve AgentsRead AgentsWrite
        WebhooksManage IntegrationsRead IntegrationsWrite AdminFull CredentialsRead CredentialsWrite
        ConnectionsRead ConnectionsWrite MetricsRead MetricsWrite
        FeedsRead FeedsWrite FetchExecute WidgetsRead WidgetsWrite InboundRead InboundWrite EventsRead
        EventsWrite
        ActionsExecute WorkflowsRead WorkflowsWrite WorkflowsExecute
    }
}
