//! Codes, grants and tokens of one platform. Pure: the time is an argument, and tokens are made from the
//! seed. Old tokens of a grant are remembered for a while, so that a reused one is known as such.

mod memory;
mod renew;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use memory::Memory;

use super::rules::{Counters, Model, TokenRules};
use super::style::{Offline, Style};
use crate::seed::Seed;

/// So many tokens of a grant are remembered.
const REMEMBERED: usize = 24;

/// An app.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Client {
    pub(super) secret: String,
    /// None: any.
    pub(super) redirect_uris: Vec<String>,
}

/// What somebody agreed to.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    pub(super) client: String,
    pub(super) account: String,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    /// The challenge and whether it is a hash.
    pub(super) challenge: Option<(String, bool)>,
    /// Whether a refresh token comes with it.
    pub(super) offline: bool,
}

#[derive(Debug)]
struct Code {
    agreement: Agreement,
    issued_at: Timestamp,
    grant: Option<u64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Grant {
    client: String,
    account: Option<String>,
    scopes: Vec<String>,
    offline: bool,
    alive: bool,
    refreshes: u64,
    tokens: VecDeque<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Kind {
    /// An access token, a long-lived one where they extend themselves.
    Access,
    /// The first token where they extend themselves.
    Short,
    /// A page's own, at Facebook. It does not expire.
    Page,
    Refresh,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Token {
    grant: u64,
    kind: Kind,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
}

/// What the token endpoint has to tell.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) access_expires: Option<Timestamp>,
    pub(super) short: bool,
    pub(super) refresh: Option<String>,
    pub(super) refresh_expires: Option<Timestamp>,
    pub(super) account: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Why it has nothing to tell: OAuth's code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denied(pub(super) &'static str, pub(super) &'static str);

/// Whose access token it is.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: String,
    pub(super) kind: Kind,
    pub(super) client: String,
    pub(super) account: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Why an access token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dead {
    Unknown,
    Expired,
    Revoked,
}

#[derive(Debug)]
pub(super) struct Book {
    seed: Seed,
    style: &'static Style,
    pub(super) rules: TokenRules,
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) devices: BTreeMap<String, super::device::Device>,
    pub(super) counters: Counters,
    codes: HashMap<String, Code>,
    grants: BTreeMap<u64, Grant>,
    tokens: HashMap<String, Token>,
    serial: u64,
}

impl Book {
    pub(super) fn new(seed: Seed, style: &'static Style) -> Self {
        Self {
            seed,
            style,
            rules: style.rules,
            clients: BTreeMap::new(),
            devices: BTreeMap::new(),
            counters: Counters::default(),
            codes: HashMap::new(),
            grants: BTreeMap::new(),
            tokens: HashMap::new(),
            serial: 0,
        }
    }

    /// A word that nobody guesses. The time is part of it, so that a restart does not repeat words.
    pub(super) fn word(&mut self, what: &str, now: Timestamp) -> String {
        self.serial += 1;
        let label = format!("{} {what} {} {}", self.style.service, self.serial, now.micros());
        format!("{what}_{}", self.seed.hex(&label))
    }

    /// Writes an agreement down and gives the code for it.
    pub(super) fn agree(&mut self, agreement: Agreement, now: Timestamp) -> String {
        let life = Duration::from_secs(self.rules.code_secs);
        // Spent codes are kept for a while: a second use must be seen.
        self.codes.retain(|_, code| now.since(code.issued_at) < life * 10);
        let word = self.word("code", now);
        self.codes.insert(word.clone(), Code { agreement, issued_at: now, grant: None });
        self.counters.allowed += 1;
        word
    }

    /// Exchanges a code. Used a second time it takes back what the first use gave (RFC 6749, 4.1.2).
    pub(super) fn redeem(
        &mut self,
        code: &str,
        client: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now: Timestamp,
    ) -> Result<Issued, Denied> {
        let invalid = |why| Err(Denied("invalid_grant", why));
        let Some(known) = self.codes.get(code) else { return invalid("The code is not known.") };
        if let Some(grant) = known.grant {
            self.kill(grant);
            return invalid("The code has been used.");
        }
        let agreement = known.agreement.clone();
        if now.since(known.issued_at) >= Duration::from_secs(self.rules.code_secs) {
            return invalid("The code has expired.");
        }
        if agreement.client != client {
            return invalid("The code was given to another app.");
        }
        if redirect_uri != Some(agreement.redirect_uri.as_str()) {
            return invalid("The redirect_uri is not the one of the authorization.");
        }
        if !proven(agreement.challenge.as_ref(), verifier) {
            return invalid("The code_verifier does not fit the code_challenge.");
        }
        let grant = self.open(client, Some(agreement.account), agreement.scopes, agreement.offline);
        if let Some(known) = self.codes.get_mut(code) {
            known.grant = Some(grant);
        }
        self.counters.exchanges += 1;
        let kind = if self.rules.model == Model::Extending { Kind::Short } else { Kind::Access };
        Ok(self.issue(grant, kind, agreement.offline, now))
    }

    /// The app's own token.
    pub(super) fn for_app(&mut self, client: &str, scopes: Vec<String>, now: Timestamp) -> Issued {
        let grant = self.open(client, None, scopes, false);
        self.issue(grant, Kind::Access, false, now)
    }

    /// A grant of everything, with a token that lasts until it is taken back.
    pub(super) fn lasting(&mut self, client: &str, account: &str, now: Timestamp) -> String {
        let scopes = self.style.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.counters.allowed += 1;
        self.counters.exchanges += 1;
        let grant = self.open(client, Some(account.to_owned()), scopes, false);
        self.put(grant, Kind::Access, None, now)
    }

    /// A grant without a browser, with a token that lasts.
    pub(super) fn grant_at_once(
        &mut self,
        client: &str,
        account: &str,
        scopes: Vec<String>,
        now: Timestamp,
    ) -> Issued {
        let offline = match self.style.offline {
            Offline::Always | Offline::AccessType => true,
            Offline::Never => false,
            Offline::Scope(scope) => scopes.iter().any(|granted| granted == scope),
        };
        self.counters.allowed += 1;
        let grant = self.open(client, Some(account.to_owned()), scopes, offline);
        self.issue(grant, Kind::Access, offline, now)
    }

    /// Whose access token this is.
    pub(super) fn held(&self, token: &str, now: Timestamp) -> Result<Held, Dead> {
        let known = self.tokens.get(token).filter(|known| known.kind != Kind::Refresh);
        let known = known.ok_or(Dead::Unknown)?;
        let grant = self.grants.get(&known.grant).ok_or(Dead::Unknown)?;
        if !grant.alive {
            return Err(Dead::Revoked);
        }
        if known.expires_at.is_some_and(|end| now >= end) {
            return Err(Dead::Expired);
        }
        Ok(Held {
            token: token.to_owned(),
            kind: known.kind,
            client: grant.client.clone(),
            account: grant.account.clone(),
            scopes: grant.scopes.clone(),
        })
    }

    /// The token of a page, for whoever has this one of its owner.
    pub(super) fn page_token(&mut self, owner: &str, now: Timestamp) -> String {
        let grant = self.tokens.get(owner).map_or(0, |known| known.grant);
        let word = format!("page_{}", self.seed.hex(&format!("page of grant {grant}")));
        let kind = Kind::Page;
        let token = Token { grant, kind, issued_at: now, expires_at: None, used_at: None };
        self.tokens.entry(word.clone()).or_insert(token);
        word
    }

    /// When a token ends.
    pub(super) fn end_of(&self, token: &str) -> Option<Timestamp> {
        self.tokens.get(token)?.expires_at
    }

    /// Takes back the grant that a token, of either kind, belongs to. Says whether it was known.
    pub(super) fn revoke_token(&mut self, token: &str) -> bool {
        let Some(grant) = self.tokens.get(token).map(|known| known.grant) else { return false };
        self.kill(grant)
    }

    /// Takes back the grants of an account, or all.
    pub(super) fn revoke_account(&mut self, account: Option<&str>) -> usize {
        let ids: Vec<u64> = self
            .grants
            .iter()
            .filter(|(_, grant)| account.is_none() || grant.account.as_deref() == account)
            .map(|(id, _)| *id)
            .collect();
        ids.into_iter().filter(|id| self.kill(*id)).count()
    }

    /// Whether somebody's grant with a refresh token is alive.
    pub(super) fn is_offline(&self, client: &str, account: &str) -> bool {
        self.grants.values().any(|grant| {
            grant.alive
                && grant.offline
                && grant.client == client
                && grant.account.as_deref() == Some(account)
        })
    }

    pub(super) fn counters(&self, now: Timestamp) -> Counters {
        let live = |token: &&Token| {
            token.kind != Kind::Refresh
                && token.expires_at.is_none_or(|end| now < end)
                && self.grants.get(&token.grant).is_some_and(|grant| grant.alive)
        };
        Counters {
            grants_live: self.grants.values().filter(|grant| grant.alive).count() as u64,
            tokens_live: self.tokens.values().filter(live).count() as u64,
            ..self.counters.clone()
        }
    }

    fn open(
        &mut self,
        client: &str,
        account: Option<String>,
        scopes: Vec<String>,
        offline: bool,
    ) -> u64 {
        self.serial += 1;
        let (client, tokens) = (client.to_owned(), VecDeque::new());
        let grant = Grant { client, account, scopes, offline, alive: true, refreshes: 0, tokens };
        self.grants.insert(self.serial, grant);
        self.serial
    }

    fn issue(&mut self, id: u64, kind: Kind, with_refresh: bool, now: Timestamp) -> Issued {
        let after = |secs| now.plus(Duration::from_secs(secs));
        let long = self.rules.model == Model::Extending && kind == Kind::Access;
        let access_expires = if long {
            self.rules.refresh_secs.map(after)
        } else {
            Some(after(self.rules.access_secs))
        };
        let access = self.put(id, kind, access_expires, now);
        let refresh_expires = self.rules.refresh_secs.filter(|_| with_refresh).map(after);
        let refresh = with_refresh.then(|| self.put(id, Kind::Refresh, refresh_expires, now));
        let grant = self.grants.get(&id);
        Issued {
            access,
            access_expires,
            short: kind == Kind::Short,
            refresh,
            refresh_expires,
            account: grant.and_then(|grant| grant.account.clone()),
            scopes: grant.map(|grant| grant.scopes.clone()).unwrap_or_default(),
        }
    }

    fn put(
        &mut self,
        grant: u64,
        kind: Kind,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> String {
        let word = self.word(if kind == Kind::Refresh { "refresh" } else { "access" }, now);
        let token = Token { grant, kind, issued_at: now, expires_at, used_at: None };
        self.tokens.insert(word.clone(), token);
        if let Some(grant) = self.grants.get_mut(&grant) {
            grant.tokens.push_back(word.clone());
            if grant.tokens.len() > REMEMBERED {
                // The oldest that is of no use any more; a stable refresh token may be the very oldest.
                let useless = |word: &String| {
                    let useful =
                        |token: &Token| token.kind == Kind::Refresh && token.used_at.is_none();
                    !self.tokens.get(word).is_some_and(useful)
                };
                let oldest = grant.tokens.iter().position(useless);
                let gone = oldest.and_then(|at| grant.tokens.remove(at));
                gone.and_then(|word| self.tokens.remove(&word));
            }
        }
        word
    }

    fn kill(&mut self, grant: u64) -> bool {
        let alive =
            self.grants.get_mut(&grant).is_some_and(|grant| std::mem::take(&mut grant.alive));
        self.counters.revocations += u64::from(alive);
        alive
    }
}

/// Whether the verifier fits the challenge (RFC 7636, 4.6).
fn proven(challenge: Option<&(String, bool)>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((challenge, false)), Some(verifier)) => challenge == verifier,
        (Some((challenge, true)), Some(verifier)) => {
            let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
            *challenge == BASE64_URL_SAFE_NO_PAD.encode(hash)
        }
    }
}
