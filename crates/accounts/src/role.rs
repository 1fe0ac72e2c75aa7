//! What a person may do in a workspace. A role is a set of scopes, so that people and programs pass the
//! same checks.

use kernel::{Scope, ScopeSet};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// A member's role; each includes those before it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Uses: feeds, widgets, fetches, replays.
    Editor,
    /// Configures: integrations, credentials, members, keys.
    Admin,
    /// Everything, other owners and the workspace itself included.
    Owner,
}

impl Role {
    /// The name on the wire and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// What it allows.
    pub fn scopes(self) -> ScopeSet {
        Scope::ALL.iter().copied().filter(|scope| least(*scope) <= self).collect()
    }
}

/// The least role that has a scope.
fn least(scope: Scope) -> Role {
    match scope {
        Scope::AdminFull => Role::Owner,
        Scope::WebhooksManage | Scope::IntegrationsWrite | Scope::CredentialsWrite => Role::Admin,
        read if read.name().ends_with(":read") => Role::Viewer,
        _ => Role::Editor,
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Viewer, Self::Editor, Self::Admin, Self::Owner]
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| format!("there is no role named {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_one_before() {
        let roles = [Role::Viewer, Role::Editor, Role::Admin, Role::Owner];
        for pair in roles.windows(2) {
            assert!(pair[1].scopes().covers(pair[0].scopes()), "{} and {}", pair[0], pair[1]);
            assert!(!pair[0].scopes().covers(pair[1].scopes()), "{} and {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn viewers_look_and_editors_use() {
        let (viewer, editor) = (Role::Viewer.scopes(), Role::Editor.scopes());
        assert!(viewer.allows(Scope::FeedsRead) && !viewer.allows(Scope::FeedsWrite));
        assert!(editor.allows(Scope::FetchExecute) && !editor.allows(Scope::IntegrationsWrite));
    }
}
