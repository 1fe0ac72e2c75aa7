//! The settings of pushes made ready: what they must prove, where they may come from, and where their
//! id stands.

use catalog::push::{Check, Push, SignatureSpec, Source};
use connect::SourceList;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// What holds for the pushes of one address.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// How they are proven; tightened by the replay window.
    pub(crate) check: Check,
    /// Where their id stands.
    pub(crate) event_id: Vec<Source>,
    networks: Vec<IpNet>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    ip_allowlist: Vec<String>,
    replay_window_secs: Option<u32>,
    event_id: Option<SourceList>,
}

impl Rules {
    /// Reads the settings of an address, the provider's own where they say nothing.
    ///
    /// # Errors
    /// A sentence that says what cannot be taken. Such an address refuses every push.
    pub(crate) fn read(push: &Push, settings: &Map<String, Value>) -> Result<Self, String> {
        let mut check =
            Check::from_push_config(push, settings).map_err(|error| error.to_string())?;
        let written = Written::deserialize(Value::Object(settings.clone()))
            .map_err(|error| error.to_string())?;
        if let (Some(signature), Some(window)) = (&mut check.signature, written.replay_window_secs)
        {
            tighten(signature, window);
        }
        let networks = written.ip_allowlist.iter().map(|text| network(text));
        Ok(Self {
            check,
            event_id: written.event_id.map_or_else(|| push.event_id.clone(), |it| it.sources()),
            networks: networks.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a push may come from there. With a list, one whose address is unknown may not.
    pub(crate) fn admits(&self, client: Option<IpAddr>) -> bool {
        let listed = |addr: IpAddr| self.networks.iter().any(|network| network.contains(&addr));
        self.networks.is_empty() || client.is_some_and(|addr| listed(addr.to_canonical()))
    }
}

/// A window makes the scheme's own tolerance smaller, never larger.
fn tighten(signature: &mut SignatureSpec, window: u32) {
    match signature {
        SignatureSpec::Signed(signed) => {
            if let Some(rule) = &mut signed.ts {
                let own = if rule.tolerance_s == 0 { u32::MAX } else { rule.tolerance_s };
                rule.tolerance_s = own.min(window.max(1));
            }
        }
        SignatureSpec::Any(specs) => specs.iter_mut().for_each(|spec| tighten(spec, window)),
        SignatureSpec::Equals(_) => {}
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse().or_else(|_| single());
    network.map_err(|_| format!("ip_allowlist: {text:?} is not an address or a network"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::Catalog;
    use serde_json::json;

    fn rules(provider: &str, settings: Value) -> Result<Rules, String> {
        let catalog = Catalog::embedded().unwrap();
        let push = catalog.get(provider).unwrap().push.clone().unwrap();
        Rules::read(&push, settings.as_object().unwrap())
    }

    fn tolerance(rules: &Rules) -> u32 {
        match rules.check.signature.as_ref().unwrap() {
            SignatureSpec::Signed(signed) => signed.ts.as_ref().unwrap().tolerance_s,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_window_only_tightens() {
        assert_eq!(tolerance(&rules("slack", json!({})).unwrap()), 300);
        assert_eq!(tolerance(&rules("slack", json!({"replay_window_secs": 60})).unwrap()), 60);
        assert_eq!(tolerance(&rules("slack", json!({"replay_window_secs": 900})).unwrap()), 300);
    }

    #[test]
    fn a_list_admits_those_on_it_alone() {
        let open = rules("webhook", json!({})).unwrap();
        assert!(open.admits(None) && open.admits("203.0.113.9".parse().ok()));
        let list = json!({"ip_allowlist": ["203.0.113.0/24", "2001:db8::1"]});
        let listed = rules("webhook", list).unwrap();
        for (addr, admitted) in [
            ("203.0.113.9", true),
            ("::ffff:203.0.113.9", true),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("198.51.100.1", false),
        ] {
            assert_eq!(listed.admits(addr.parse().ok()), admitted, "{addr}");
        }
        assert!(!listed.admits(None));
    }

    #[test]
    fn what_cannot_be_taken_is_named() {
        let error = rules("webhook", json!({"ip_allowlist": ["10.0.0.0/99"]})).unwrap_err();
        assert!(error.starts_with("ip_allowlist: "), "{error}");
        assert!(rules("webhook", json!({"scheme": "none such"})).is_err());
    }
}
