//! Does it work? A cheap request is really sent, and each step says what was found.

mod draft;

use accounts::gate::Identity;
use egress::Probe;
use kernel::{IntegrationId, Problem, WidgetConfigId, codes};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;

use crate::prepared::Prepared;
use crate::{Connect, Credentials, Integration, body, masking};

/// What a test found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestReport {
    /// Whether it works.
    pub ok: bool,
    /// The code of what does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// A sentence that says what was found and what to do about it.
    pub message: String,
    /// The steps in order; what follows a failed one was not tried.
    pub steps: Vec<TestStep>,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// All of it together.
    pub duration_ms: f64,
    /// The beginning of the document, without secrets.
    pub sample: Option<Value>,
}

/// One step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestStep {
    /// `dns`, `connect`, `tls`, `request`, `status`, `decode`; `secret` where only pushes come.
    pub name: &'static str,
    /// Whether it went well.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// How long it took.
    pub duration_ms: f64,
}

/// What a test uses in place of what is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instead {
    pub(crate) config: Option<Map<String, Value>>,
    pub(crate) credentials: Option<Map<String, Value>>,
    pub(crate) options: Map<String, Value>,
    pub(crate) widget_config: Option<WidgetConfigId>,
}

/// How much of a document a report shows.
const SAMPLE: usize = 4096;

impl Connect {
    /// Tests an integration as it is stored, with a widget's options.
    ///
    /// # Errors
    /// `request.not_found`. Whatever else goes wrong stands in the report.
    pub async fn test(
        &self,
        identity: &Identity,
        id: IntegrationId,
        options: Map<String, Value>,
        widget_config: Option<WidgetConfigId>,
    ) -> Result<TestReport, Problem> {
        let instead = Instead { options, widget_config, ..Instead::default() };
        self.test_with(identity, id, instead).await
    }

    pub(crate) async fn test_with(
        &self,
        identity: &Identity,
        id: IntegrationId,
        instead: Instead,
    ) -> Result<TestReport, Problem> {
        let workspace = &identity.workspace;
        let mut tx = workspace.read().await?;
        let mut integration = self.listed(&mut tx, identity, id).await?.integration;
        drop(tx);
        let asks = instead.config.is_some() || instead.credentials.is_some();
        let stored = self.credentials(
            workspace,
            &integration,
            instead.widget_config,
            "integration.test",
            &identity.actor,
        );
        let stored = match stored.await {
            Ok(stored) => stored,
            Err(problem) if problem.code != &codes::CREDENTIAL_MISSING => return Err(problem),
            Err(_) if asks => Credentials::default(),
            Err(problem) => return Ok(refusal(&problem)),
        };
        let tried = self.tried(&mut integration, &stored, &instead)?;
        if !integration.mode.pulls() {
            return Ok(self.test_push(&integration, &tried));
        }
        let prepared = self.test_request(workspace, &integration, &instead.options, &tried);
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return Ok(refusal(&problem)),
        };
        let probe = self.0.egress.probe(prepared.request.clone()).await;
        let verdict = probe.response.as_ref().and_then(|it| match it.head.status.as_u16() {
            401 | 403 if !tried.is_empty() => Some(false),
            _ => prepared.verdict(it),
        });
        let report = report(prepared, probe, !tried.is_empty()).await;
        if let (false, Some(id), Some(valid)) =
            (asks, stored.id, verdict.filter(|it| !it || report.ok))
        {
            self.mark_version(workspace, id, Some(stored.version), valid).await?;
            self.0.verdicts.pin().remove(&id);
        }
        Ok(report)
    }

    /// What is stored with what is to be tried laid over it.
    fn tried(
        &self,
        integration: &mut Integration,
        stored: &Credentials,
        instead: &Instead,
    ) -> Result<Credentials, Problem> {
        let mut fields = stored.fields.clone();
        if let Some(credentials) = &instead.credentials {
            let taken_out = masking::masked(&integration.config);
            let kept: Map<_, _> = fields
                .iter()
                .filter(|(place, _)| taken_out.contains(place))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            fields = masking::unmask(credentials, &fields)
                .map_err(|errors| body::problem(&codes::CREDENTIAL_INVALID, errors))?;
            fields.extend(kept);
        }
        if let Some(config) = &instead.config {
            let split = self.split(integration, config, &stored.fields)?;
            self.check_tried(integration, config)?;
            integration.config = split.config;
            fields.extend(split.secrets);
        }
        Ok(Credentials { fields, ..stored.clone() })
    }

    fn check_tried(
        &self,
        integration: &Integration,
        config: &Map<String, Value>,
    ) -> Result<(), Problem> {
        let tried = Integration { config: config.clone(), ..integration.clone() };
        self.check(&tried, config)
    }

    fn test_push(&self, integration: &Integration, credentials: &Credentials) -> TestReport {
        let url = self.webhook_url(integration.id, None);
        let check = integration.provider_def.push.as_ref().map(|push| integration.push.check(push));
        let (ok, detail) = match check {
            Some(Ok(check)) if check.signature.is_none() => {
                (true, "the check is switched off: whoever knows the address can push".to_owned())
            }
            Some(Ok(check)) => match credentials.first(&check.secret_fields) {
                Some(_) => (true, format!("pushes are checked by {}", check.name)),
                None => {
                    (false, format!("none of these is stored: {}", check.secret_fields.join(", ")))
                }
            },
            Some(Err(error)) => (false, error.message),
            None => (false, "the provider does not push".to_owned()),
        };
        let message = match ok {
            true => format!("Ready. Let the sender push to {url}."),
            false => format!(
                "Pushes are refused until a secret is stored. Then let the sender push to {url}."
            ),
        };
        TestReport {
            ok,
            code: (!ok).then_some(codes::WEBHOOK_NOT_CONFIGURED.name),
            message,
            steps: vec![TestStep { name: "secret", ok, detail, duration_ms: 0.0 }],
            status: None,
            duration_ms: 0.0,
            sample: None,
        }
    }
}

async fn report(prepared: Prepared, probe: Probe, proves: bool) -> TestReport {
    let mut steps: Vec<TestStep> = probe
        .steps
        .into_iter()
        .map(|step| TestStep {
            name: step.name,
            ok: step.ok,
            detail: step.detail,
            duration_ms: millis(step.duration),
        })
        .collect();
    let status = probe.response.as_ref().map(|response| response.head.status.as_u16());
    let caveat = if status.is_some() { caveat(&prepared) } else { "" };
    let mut sample = None;
    let outcome = match (probe.response, probe.error) {
        (Some(response), _) => {
            let hidden = prepared.hidden.clone();
            let read = tokio::task::spawn_blocking(move || prepared.read(&response)).await;
            let read = read.unwrap_or_else(|_| {
                Err(Problem::new(&codes::FEED_UNREADABLE, "The answer could not be read."))
            });
            if status.is_some_and(|status| (200..300).contains(&status)) {
                steps.push(TestStep {
                    name: "decode",
                    ok: read.is_ok(),
                    detail: read.as_ref().map_or_else(|it| it.detail.clone(), describe),
                    duration_ms: 0.0,
                });
            }
            read.map(|mut document| {
                masking::redact(&mut document, &hidden);
                sample = Some(beginning(document));
            })
        }
        (None, Some(error)) => Err(error.problem()),
        (None, None) => Err(Problem::new(&codes::EGRESS_BROKEN, "There was no answer.")),
    };
    let duration_ms = millis(probe.duration);
    let message = match (&outcome, status) {
        (Ok(()), _) => format!("It works: the provider answered in {duration_ms:.0} ms."),
        (Err(_), Some(401 | 403)) if proves => {
            let said = outcome.as_ref().err().map(|it| it.detail.as_str()).unwrap_or_default();
            format!("The key was refused. Check that it is complete and has the rights. {said}")
        }
        (Err(_), Some(401 | 403)) => {
            "The provider wants credentials. Store them and test again.".to_owned()
        }
        (Err(problem), _) => format!("{} {}", problem.detail, advice(problem)),
    };
    let code = outcome.as_ref().err().map(|problem| problem.code.name);
    let message = format!("{}{caveat}", message.trim_end());
    TestReport { ok: outcome.is_ok(), code, message, steps, status, duration_ms, sample }
}

/// What is to be known of an answer to a question that nobody has chosen.
fn caveat(prepared: &Prepared) -> &'static str {
    let said = |name: &str| prepared.reading.config.get(name).and_then(Value::as_str);
    let mut asked = prepared.request.url.clone();
    asked.set_query(None);
    let is_base = said("base_url")
        .is_some_and(|base| base.trim_end_matches('/') == asked.as_str().trim_end_matches('/'));
    if said("test_path") == Some("") && is_base {
        return " The base URL was asked because no test path is set; set test_path to check a real \
                endpoint.";
    }
    ""
}

/// A test that ended before anything was sent.
fn refusal(problem: &Problem) -> TestReport {
    TestReport {
        ok: false,
        code: Some(problem.code.name),
        message: format!("{} {}", problem.detail, advice(problem)).trim_end().to_owned(),
        steps: Vec::new(),
        status: None,
        duration_ms: 0.0,
        sample: None,
    }
}

fn advice(problem: &Problem) -> &'static str {
    match problem.code.name {
        "egress.dns_failed" => "Check the spelling of the host name.",
        "egress.connect_failed" => "Check the host and the port, and whether the service is up.",
        "egress.tls_failed" => "Ask whoever runs the service to renew its certificate.",
        "egress.timeout" => "Try again, or raise the timeout.",
        "egress.rate_limited" => "Wait a while, then test again.",
        "feed.upstream_status" | "feed.upstream_error" => {
            "Check the address and the configuration."
        }
        "feed.unreadable" => "Check the address, or set the format.",
        "feed.template_failed" => "Give the value in the configuration or as an option.",
        _ => "",
    }
}

fn describe(document: &Value) -> String {
    match document {
        Value::Object(map) => format!("an object of {} fields", map.len()),
        Value::Array(items) => format!("a list of {} items", items.len()),
        Value::String(text) => format!("{} characters of text", text.chars().count()),
        other => other.to_string(),
    }
}

fn beginning(document: Value) -> Value {
    let text = document.to_string();
    if text.len() <= SAMPLE {
        return document;
    }
    let end = (0..=SAMPLE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    Value::from(&text[..end])
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
