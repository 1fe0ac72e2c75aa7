//! Who is asking.

use db::Workspace;
use kernel::{ApiKeyId, PlayerId, ScopeSet, UserId};
use std::fmt;
use std::net::IpAddr;

use crate::Role;

/// An authenticated caller in one workspace.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where they act.
    pub workspace: Workspace,
    /// Who they are.
    pub actor: Actor,
    /// What they may do there.
    pub scopes: ScopeSet,
    /// A person's role; a program has none.
    pub role: Option<Role>,
    /// Whether they run this instance, not just a workspace of it.
    pub instance_owner: bool,
    /// Where the request came from, behind trusted proxies.
    pub remote_addr: Option<IpAddr>,
}

impl Identity {
    /// The role they have, or amount to: a key with `admin:full` is as good as an owner.
    pub fn rank(&self) -> Option<Role> {
        let full = self.scopes.allows(kernel::Scope::AdminFull);
        self.role.or(full.then_some(Role::Owner))
    }

    /// Whether it is the same caller with the same rights, wherever they are asking from.
    pub(super) fn stands_as(&self, then: &Self) -> bool {
        let rights =
            |it: &Self| (it.workspace.id(), it.actor, it.scopes, it.role, it.instance_owner);
        rights(self) == rights(then)
    }
}

/// Who did something, as audit entries name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A program.
    Key(ApiKeyId),
    /// A device.
    Player(PlayerId),
    /// Patchbay itself, on its own schedule.
    House,
}

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(out),
            Self::Key(id) => id.fmt(out),
            Self::Player(id) => id.fmt(out),
            Self::House => out.write_str("house"),
        }
    }
}
