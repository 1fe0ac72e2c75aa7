//! The same test for an integration that is still being made. Nothing of it is stored: its request is
//! in the log of the workspace, without its secrets and under no integration.

use accounts::gate::Identity;
use kernel::{IntegrationId, Problem, codes};
use serde_json::Map;

use super::{TestReport, refusal, report};
use crate::write::lift;
use crate::{Connect, Credentials, IntegrationDraft, body, masking, schemas};

impl Connect {
    /// Tests an integration as it would be made.
    ///
    /// # Errors
    /// A problem that names every field that does not fit. Whatever else goes wrong stands in the report.
    pub(crate) async fn test_draft(
        &self,
        identity: &Identity,
        draft: IntegrationDraft,
    ) -> Result<TestReport, Problem> {
        let workspace = &identity.workspace;
        let (clock, entropy) = (workspace.db().clock(), workspace.db().entropy());
        let id = IntegrationId::generate(clock.now(), entropy);
        let (mut integration, given) = self.read_draft(id, clock.now(), draft)?;
        let mut whole = std::mem::take(&mut integration.config);
        let mut given = given.unwrap_or_default();
        given.extend(lift(&integration, &mut whole));
        let split = self.split(&integration, &whole, &Map::new())?;
        integration.config = split.config;
        self.check(&integration, &whole)?;

        let rules = integration.credential_rules();
        let mut fields = masking::unmask(&given, &Map::new())
            .map_err(|errors| body::problem(&codes::CREDENTIAL_INVALID, errors))?;
        if fields.is_empty() && schemas::requires_any(&rules) {
            let problem = Problem::new(&codes::CREDENTIAL_MISSING, "It needs credentials.");
            return Ok(refusal(&problem));
        }
        if !fields.is_empty() && !integration.is_flexible() {
            let errors = schemas::errors(&rules, &fields, "/credentials");
            body::refuse(&codes::CREDENTIAL_INVALID, errors)?;
        }
        fields.extend(split.secrets);
        let tried = Credentials { fields, ..Credentials::default() };
        if !integration.mode.pulls() {
            let report = self.test_push(&integration, &tried);
            // It has an address when it is there.
            let message = match report.ok {
                true => "Ready. Its address for pushes is shown once it is added.",
                false => "Pushes are refused without a secret.",
            };
            return Ok(TestReport { message: message.to_owned(), ..report });
        }
        let mut prepared = match self.test_request(workspace, &integration, &Map::new(), &tried) {
            Ok(prepared) => prepared,
            Err(problem) => return Ok(refusal(&problem)),
        };
        prepared.request.integration = None;
        let probe = self.0.egress.probe(prepared.request.clone()).await;
        Ok(report(prepared, probe, !tried.is_empty()).await)
    }
}
